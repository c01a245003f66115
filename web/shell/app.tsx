import { useEffect, useState } from "preact/hooks";

import { closeStream, openStream } from "../live/connection.ts";
import { explainSignIn, farewell, session, signIn, takeKey } from "../session/session.ts";
import { Loading } from "../ui/notes.tsx";
import { Toasts } from "../ui/toasts.tsx";
import { Frame } from "./frame.tsx";
import { SignIn } from "./sign-in.tsx";

/** The console: a way in, and behind it the pages. */
export function App() {
  const [isStarting, setStarting] = useState(true);
  const apiKey = session.value?.apiKey ?? null;

  useEffect(() => {
    const enter = async () => {
      const key = takeKey();
      try {
        if (key !== null) await signIn(key);
      } catch (error) {
        farewell.value = explainSignIn(error);
      }
      setStarting(false);
    };
    // A link with a key may also be opened in a tab that is signed in already.
    const onHash = () => {
      if (location.hash.startsWith("#key=")) void enter();
    };
    void enter();
    window.addEventListener("hashchange", onHash);
    return () => window.removeEventListener("hashchange", onHash);
  }, []);

  useEffect(() => {
    if (apiKey === null) return;
    openStream(apiKey);
    return closeStream;
  }, [apiKey]);

  return (
    <>
      {apiKey !== null ? <Frame /> : isStarting ? <Loading what="The console" /> : <SignIn />}
      <Toasts />
    </>
  );
}
