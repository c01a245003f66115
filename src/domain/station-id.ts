/** The lane of events that concern no single station: users, rates, the relay's own. */
export const ACCOUNT_STATION = "_account";

/** No foreign string reaches a header or an object's name unchecked; this is the check. */
export function isStationId(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/.test(text);
}

/** A station as the API and filters name it: a chargestation or the account's lane. */
export function isStationName(text: string): boolean {
  return text === ACCOUNT_STATION || isStationId(text);
}
