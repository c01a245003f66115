import { useEffect, useState } from "preact/hooks";

import { Button } from "./button.tsx";

const SHOWN_MS = 2_000;

/** Puts a text on the clipboard. `what` is told to people who do not see where it stands. */
export function Copy({ text, what }: { readonly text: string; readonly what: string }) {
  const [said, setSaid] = useState<string | null>(null);
  useEffect(() => {
    if (said === null) return;
    const timer = setTimeout(() => setSaid(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied");
    } catch {
      setSaid("Not allowed");
    }
  };
  return (
    <Button kind="quiet" label={`Copy ${what}`} onClick={copy}>
      {said ?? "Copy"}
    </Button>
  );
}

/** A text to be copied, such as a URL or a command. */
export function CopyText({ text, what }: { readonly text: string; readonly what: string }) {
  return (
    <span class="copy-text">
      <code>{text}</code>
      <Copy text={text} what={what} />
    </span>
  );
}

/** A secret that is shown once: said so, and easy to take along. */
export function SecretOnce({ text, what }: { readonly text: string; readonly what: string }) {
  return (
    <div class="note note-warn stack">
      <p>This is the only time that the {what} is shown: the relay cannot show it again.</p>
      <CopyText text={text} what={what} />
    </div>
  );
}
