import { useState } from "preact/hooks";

import { messageOf } from "../api/use-resource.ts";
import { toast } from "./toasts.tsx";

export interface Action<A extends readonly unknown[]> {
  /** Never throws: what goes wrong is told to the person. True when it went well. */
  readonly run: (...args: A) => Promise<boolean>;
  readonly isRunning: boolean;
}

/** Something a person sets off: once at a time, with a word when it is done or has failed. */
export function useAction<A extends readonly unknown[]>(
  act: (...args: A) => Promise<unknown>,
  done?: string,
): Action<A> {
  const [isRunning, setRunning] = useState(false);
  const run = async (...args: A) => {
    setRunning(true);
    try {
      await act(...args);
      if (done !== undefined) toast(done);
      return true;
    } catch (error) {
      toast(messageOf(error), "bad");
      return false;
    } finally {
      setRunning(false);
    }
  };
  return { run, isRunning };
}
