import type { StationEvent } from "../../../src/domain/event.ts";
import { describeOutcome, type Outcome } from "../../../src/domain/outcome.ts";
import { aborted, listenForInterrupt } from "../../relay/command-line.ts";
import { RelayError } from "../../relay/relay.ts";
import { type Output, printable } from "../output.ts";
import { statusLine } from "../stream.ts";
import { attempt, type Destination } from "./attempt.ts";
import { Forwarder } from "./forwarder.ts";
import { Intake, type IntakeOptions } from "./intake.ts";
import { type ForwardState, type StationPlace, writeState } from "./state-file.ts";
import type { Verdict } from "./verdict.ts";

export interface ForwardOptions extends Pick<IntakeOptions, "url" | "key" | "filter" | "from"> {
  readonly place: Pick<ForwardState, "relay" | "tenant" | "to">;
  readonly stateFile: string | null;
  readonly stations: Readonly<Record<string, StationPlace>>;
  readonly concurrency: number;
  readonly destination: Destination;
  /** Nobody has given it, so it is shown. */
  readonly isSecretOurs: boolean;
}

const SAVE_EVERY_MS = 200;

/** Forwards until it is interrupted, the relay refuses, or the local server wants nothing any more. */
export async function runForward(options: ForwardOptions, output: Output): Promise<void> {
  const { url, key, filter, from, destination, concurrency, stations } = options;
  const interrupted = aborted(listenForInterrupt());
  const gone = Promise.withResolvers<void>();
  const forwarder = new Forwarder({
    ...{ concurrency, stations },
    attempt: (event, place) => attempt(destination, event, place),
    onAttempt: (...about) => tell(output, ...about),
    onGone: () => gone.reject(new RelayError(`${destination.url} answered 410: it wants no more.`)),
  });
  greet(output, options);
  const intake = new Intake({
    ...{ url, key, filter, from, forwarder },
    onStatus: (status) => {
      // On disk before anybody is told that nothing is left out from here on.
      if (status.state === "live" || status.state === "catching_up") keeper.save();
      output.note(statusLine(status));
    },
    onGap: (reason) => output.note(`Events are missing here (${reason}); chargewire-gap says so.`),
    onLeft: (count) =>
      output.note(`${count} events wait; the rest is fetched when they are through.`),
    onError: ({ code, message }) => output.note(`${code}: ${message}`),
  });
  const keeper = keepState(options, forwarder, intake);
  try {
    await Promise.race([intake.ended, interrupted, gone.promise]);
  } finally {
    intake.close();
    await forwarder.stop();
    keeper.end();
  }
}

/** Saves the place when asked, while it moves, and at the end once more. */
function keepState(options: ForwardOptions, forwarder: Forwarder, intake: Intake) {
  const { stateFile, place, destination } = options;
  if (stateFile === null) return { save: () => {}, end: () => {} };
  let saved = "";
  const save = () => {
    const cursor = forwarder.safeCursor(intake.cursor);
    if (cursor === null) return;
    const state = { ...place, secret: destination.secret, cursor, stations: forwarder.stations };
    const text = JSON.stringify(state);
    if (text !== saved) writeState(stateFile, state);
    saved = text;
  };
  const timer = setInterval(save, SAVE_EVERY_MS);
  const end = () => {
    clearInterval(timer);
    save();
  };
  return { save, end };
}

function greet(output: Output, { destination, from, isSecretOurs }: ForwardOptions): void {
  const { url, secret } = destination;
  const shown = isSecretOurs ? { secret } : {};
  if (output.isJson) output.item({ op: "ready", to: url, from, ...shown }, () => "");
  else {
    output.note(`Forwarding to ${url}, from ${from}. Ctrl-C ends it.`);
    if (isSecretOurs) output.note(`Signing secret: ${secret}`);
  }
}

function tell(
  output: Output,
  { id, type, station, seq }: StationEvent,
  attempts: number,
  outcome: Outcome,
  verdict: Verdict,
): void {
  const op = verdict.kind === "retry" ? "failed" : verdict.kind;
  const status = outcome.kind === "answered" ? outcome.status : null;
  const error = outcome.kind === "failed" ? outcome.error : null;
  const { latencyMs } = outcome;
  const told = { op, id, type, station, seq, attempt: attempts, status, error, latencyMs };
  output.item(told, () => {
    const again = verdict.kind === "retry" ? `again in ${verdict.delayMs} ms` : "";
    const answer = `${describeOutcome(outcome)} in ${latencyMs} ms`;
    const paint = op === "delivered" ? "green" : op === "failed" ? "yellow" : "red";
    const line = [
      new Date().toISOString(),
      printable(station).padEnd(24),
      `#${seq}`.padStart(7),
      printable(type).padEnd(38),
      output.paint(paint, op.padEnd(9)),
      answer,
      again,
    ];
    return line.join("  ").trimEnd();
  });
}
