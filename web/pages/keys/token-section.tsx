import { useState } from "preact/hooks";

import type { Token } from "../../api/answers.ts";
import { MadeToken } from "./made-token.tsx";
import type { View } from "./token-draft.ts";
import { TokenForm } from "./token-form.tsx";

/** Makes a subscriber token. The relay keeps no list of them: they end by time, or with their key. */
export function TokenSection() {
  const [made, setMade] = useState<{ token: Token; view: View } | null>(null);
  return (
    <section class="card stack" aria-labelledby="tokens-title">
      <h2 id="tokens-title">Make a subscriber token</h2>
      <p class="quiet">
        For a browser: it opens streams and nothing else, sees what is chosen here at most, and ends
        by itself, or with the key it was made with, which is the one of this tab. For a page in
        production have your own server ask <code>POST /v1/tokens</code>; a token made here is for
        trying.
      </p>
      <div class="grid">
        <TokenForm onMade={(token, view) => setMade({ token, view })} />
        {made !== null && <MadeToken key={made.token.token} {...made} />}
      </div>
    </section>
  );
}
