import { useState } from "preact/hooks";

import { ApiError } from "../api/api.ts";
import { messageOf } from "../api/use-resource.ts";
import { toast } from "./toasts.tsx";

export interface Sending {
  /** Never throws. True when it went well. */
  readonly send: () => Promise<boolean>;
  readonly isSending: boolean;
  /** Why the last try failed, for people; null when it did not. */
  readonly error: string | null;
  /** What the relay has against a field, by its path in the request, or against what is below it. */
  readonly errorAt: (path: string) => string | null;
}

/** Sends what a form holds: once at a time, and remembers what was wrong with which field. */
export function useSending(act: () => Promise<unknown>, done?: string): Sending {
  const [isSending, setSending] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const send = async () => {
    setSending(true);
    setFailure(null);
    try {
      await act();
      if (done !== undefined) toast(done);
      return true;
    } catch (error) {
      setFailure(error);
      return false;
    } finally {
      setSending(false);
    }
  };
  const issues = failure instanceof ApiError ? failure.issues : [];
  const errorAt = (path: string) => {
    const found = issues.filter(
      (issue) => issue.path === path || issue.path.startsWith(`${path}.`),
    );
    const words = found.map((issue) => {
      const place = Number(issue.path.slice(path.length + 1));
      return issue.path === path || Number.isNaN(place)
        ? issue.message
        : `Number ${place + 1}: ${issue.message}`;
    });
    return words.length === 0 ? null : words.join(" ");
  };
  // What is said at the fields is not said again.
  const isAllAtFields = issues.length > 0 && issues.every(({ path }) => path !== "");
  const error = isAllAtFields ? "Some of it cannot be taken: see the fields." : messageOf(failure);
  return { send, isSending, error: failure === null ? null : error, errorAt };
}
