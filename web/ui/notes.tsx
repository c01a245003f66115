import type { ComponentChildren } from "preact";

import { Button } from "./button.tsx";

export function Loading({ what }: { readonly what: string }) {
  return (
    <p class="loading" role="status">
      {what} …
    </p>
  );
}

export function ErrorNote({
  message,
  onRetry,
}: {
  readonly message: string;
  readonly onRetry?: () => void;
}) {
  return (
    <div class="note note-bad notice" role="alert">
      <p>{message}</p>
      {onRetry !== undefined && (
        <Button kind="quiet" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** What stands where there is nothing yet: what it would be, and how to get there. */
export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}
