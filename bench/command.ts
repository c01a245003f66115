import { listenForInterrupt } from "../cli/relay/command-line.ts";
import { UsageError } from "../cli/simulator/command-line.ts";

/** An option that is a number above zero. */
export function readCount(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new UsageError(`--${name} is a number above 0, not "${text}".`);
}

/** Ctrl-C and requests to end take the relay along, which is stopped when the process exits. */
export function exitAtInterrupt(): AbortSignal {
  const signal = listenForInterrupt();
  signal.addEventListener("abort", () => process.exit(130));
  return signal;
}
