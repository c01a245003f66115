import * as z from "zod";

/** A frame of the relay as far as accounts need it. */
const Frame = z.looseObject({
  op: z.string(),
  events: z.array(z.looseObject({ station: z.string(), seq: z.int() })).optional(),
});

export const opOf = (text: string) => Frame.parse(JSON.parse(text)).op;

/** `station#seq` of every event in these frames, in the order in which they came. */
export const eventsIn = (frames: readonly string[]): string[] =>
  frames.flatMap((text) =>
    (Frame.parse(JSON.parse(text)).events ?? []).map(({ station, seq }) => `${station}#${seq}`),
  );
