import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

import { Button } from "./button.tsx";

/** A dialog over the page, for as long as it is rendered. Escape and its button close it. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    const opener = document.activeElement;
    dialog?.showModal();
    // Who opens a form wants to fill it in, not to close it.
    const field = dialog?.querySelector("form :is(input, select, textarea):enabled");
    if (field instanceof HTMLElement) field.focus();
    return () => {
      dialog?.close();
      // The element may have left the page by now, and with it the memory of where the focus was.
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class="dialog"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header class="dialog-head">
        <h2 id={id}>{title}</h2>
        <Button kind="quiet" onClick={onClose}>
          Close
        </Button>
      </header>
      <div class="stack">{children}</div>
    </dialog>
  );
}
