import { useState } from "preact/hooks";

import { explainSignIn, farewell, signIn } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Logo } from "./logo.tsx";

/** Asks for an API key. It stays in this tab. */
export function SignIn() {
  const [key, setKey] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);

  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await signIn(key.trim());
    } catch (error) {
      setError(explainSignIn(error));
    }
    setBusy(false);
  };

  return (
    <main class="sign-in">
      <form class="card stack" onSubmit={submit}>
        <Logo />
        <h1>Sign in</h1>
        {farewell.value !== null && error === null && (
          <p class="note note-warn" role="alert">
            {farewell.value}
          </p>
        )}
        <Field
          label="API key"
          hint="Begins with cw_. It is kept in this tab and forgotten with it."
          error={error}
        >
          {(field) => (
            <input
              {...field}
              type="password"
              autocomplete="off"
              spellcheck={false}
              required
              value={key}
              onInput={(event) => setKey(event.currentTarget.value)}
            />
          )}
        </Field>
        <Button kind="primary" type="submit" isBusy={isBusy}>
          Sign in
        </Button>
        <p class="quiet">
          Keys are made by <code>POST /v1/keys</code>, or by whoever runs this relay. The API is
          described at <a href="/docs">/docs</a>.
        </p>
      </form>
    </main>
  );
}
