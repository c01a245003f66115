import type { StationState } from "../../client/client.ts";

/** What a station is doing as a whole, the most pressing first. */
export const STANDINGS = [
  "faulted",
  "offline",
  "charging",
  "occupied",
  "available",
  "unavailable",
  "unknown",
] as const;
export type Standing = (typeof STANDINGS)[number];

/** OCPP's words for a connector that is taken and gives no power. */
const OCCUPIED = new Set([
  "preparing",
  "occupied",
  "suspendedev",
  "suspendedevse",
  "finishing",
  "reserved",
]);

/** What a connector's status comes to; eDRV's spelling wanders, so it is read in lower case. */
export function standingOfConnector(status: string | null): Standing {
  const word = status?.toLowerCase() ?? "";
  if (word === "faulted") return "faulted";
  if (word === "charging") return "charging";
  if (OCCUPIED.has(word)) return "occupied";
  if (word === "available") return "available";
  return word === "" ? "unknown" : "unavailable";
}

/** A station that is offline is offline, whatever its connectors said last. */
export function standingOf({ online, connectors, sessions }: StationState): Standing {
  if (online === false) return "offline";
  const found = new Set(connectors.map(({ status }) => standingOfConnector(status)));
  if (found.has("faulted")) return "faulted";
  if (found.has("charging") || (sessions ?? []).length > 0) return "charging";
  if (found.has("occupied")) return "occupied";
  if (found.has("available")) return "available";
  if (found.has("unavailable")) return "unavailable";
  return online === true ? "available" : "unknown";
}

/** Watts of all sessions that run. */
export function powerOf({ sessions }: StationState): number {
  return (sessions ?? []).reduce((sum, { powerW }) => sum + (powerW ?? 0), 0);
}

/** Watt hours of all sessions that run. */
export function energyOf({ sessions }: StationState): number {
  return (sessions ?? []).reduce((sum, { energyWh }) => sum + (energyWh ?? 0), 0);
}
