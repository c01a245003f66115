import { type Account, isInOrder } from "../../cli/relay/ledger.ts";
import type { Outcomes } from "./attempts.ts";
import type { RouteTo } from "./fault-run.ts";
import type { Fault } from "./faults.ts";

/** How a route stands while its destination misbehaves. */
export interface Standing {
  readonly route: RouteTo;
  /** Of the attempts in the relay's log, how many came to what. */
  readonly outcomes: Outcomes;
  /** Events that the destination has taken. */
  readonly takenBefore: number;
  /** Events of all stations but the one that alone meets the fault. */
  readonly othersBefore: number;
}

/** The same when all is over. */
export interface FaultResult extends Omit<Standing, "route"> {
  readonly fault: Fault;
  readonly account: Account;
  readonly deadLetters: number;
}

/** Whether the fault has shown in the log, and has held up nobody whom it does not meet. */
export function isMet({ route, outcomes, takenBefore, othersBefore }: Standing): boolean {
  const { reason, isOfOneStation } = route.destination.fault;
  const areOthersServed = isOfOneStation !== true || takenBefore >= othersBefore;
  return outcomes.has(reason) && areOthersServed;
}

/** What is not as it has to be, in words. */
export function findingsOf(result: FaultResult): string[] {
  const { fault, account, outcomes, deadLetters, takenBefore, othersBefore } = result;
  const { name, reason, isFlapping, isOfOneStation } = fault;
  const isSometimesWell = isFlapping === true || isOfOneStation === true;
  const strange = [...outcomes.keys()].filter(
    (outcome) => outcome !== reason && !(isSometimesWell && outcome === 200),
  );
  const isLate = isOfOneStation === true && takenBefore < othersBefore;
  // A status stands, whatever becomes of the body.
  const isRepeated = reason === 200 && account.repeated > 0;
  return [
    ...(isInOrder(account) ? [] : [`${name}: not in order.`]),
    ...(outcomes.has(reason) ? [] : [`${name}: no attempt came to ${reason}.`]),
    ...strange.map((outcome) => `${name}: an attempt came to ${outcome}, not to ${reason}.`),
    ...(isLate ? [`${name}: the other stations were held up.`] : []),
    ...(isRepeated ? [`${name}: sent again what it had taken.`] : []),
    ...(deadLetters > 0 ? [`${name}: ${deadLetters} events were given up.`] : []),
  ];
}
