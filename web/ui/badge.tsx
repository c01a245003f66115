import type { ComponentChildren } from "preact";

export type Tone = "good" | "busy" | "info" | "warn" | "bad" | "off";

/** A word with a colour. The word alone says it, too. */
export function Badge({
  tone,
  title,
  children,
}: {
  readonly tone: Tone;
  readonly title?: string;
  readonly children: ComponentChildren;
}) {
  return (
    <span class={`badge tone-${tone}`} title={title}>
      {children}
    </span>
  );
}
