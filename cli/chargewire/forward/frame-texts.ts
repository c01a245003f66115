import { eventHead } from "../../../src/domain/event.ts";

/** How the relay begins a frame that brings events. */
const PREFIX = '{"op":"events","events":[';

/**
 * The events of a frame as the texts that they came as; none for a frame of another kind. Parsing
 * and writing an event anew would lose the exact bytes of its webhook.
 */
export function eventTexts(frame: string): string[] {
  if (!frame.startsWith(PREFIX)) return [];
  const texts: string[] = [];
  let [depth, start, isInString] = [0, PREFIX.length, false];
  for (let at = PREFIX.length; at < frame.length; at += 1) {
    const char = frame[at];
    if (isInString) {
      if (char === "\\") at += 1;
      else if (char === '"') isInString = false;
    } else if (char === '"') isInString = true;
    else if (char === "{" || char === "[") depth += 1;
    else if (depth > 0) {
      if (char === "}" || char === "]") depth -= 1;
    } else if (char === "," || char === "]") {
      if (at > start) texts.push(frame.slice(start, at));
      start = at + 1;
      if (char === "]") break;
    }
  }
  return texts;
}

/** Texts of events that have come and are not handed out yet, by station and seq. */
export class FrameTexts {
  readonly #texts = new Map<string, string>();

  read(frame: string): void {
    for (const text of eventTexts(frame)) {
      // Our own text, up to the body.
      const { station, seq }: { station: string; seq: number } = JSON.parse(eventHead(text));
      this.#texts.set(`${station}/${seq}`, text);
    }
  }

  /** Once per event; null for one that came in no frame that could be read. */
  take(station: string, seq: number): string | null {
    const place = `${station}/${seq}`;
    const text = this.#texts.get(place) ?? null;
    this.#texts.delete(place);
    return text;
  }

  clear(): void {
    this.#texts.clear();
  }
}
