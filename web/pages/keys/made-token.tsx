import { useEffect, useRef } from "preact/hooks";

import type { Token } from "../../api/answers.ts";
import { Copy, SecretOnce } from "../../ui/copy.tsx";
import { now, Time } from "../../ui/time.tsx";
import { clientSnippet, curlSnippet } from "./snippets.ts";
import type { View } from "./token-draft.ts";

/** The token, once, and how to use it. */
export function MadeToken({ token, view }: { readonly token: Token; readonly view: View }) {
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => head.current?.focus(), []);
  const isOver = Date.parse(token.expiresAt) <= now.value;
  return (
    <div class="stack made-token">
      <h3 ref={head} tabIndex={-1}>
        The token
      </h3>
      <SecretOnce text={token.token} what="token" />
      <p>
        {isOver ? "It has ended: " : "It ends "}
        <Time at={token.expiresAt} /> ({new Date(token.expiresAt).toLocaleString()}).
      </p>
      <Snippet title="With the client library" text={clientSnippet(location.origin, view)} />
      <Snippet title="With curl" text={curlSnippet(location.origin)} />
    </div>
  );
}

function Snippet({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <div class="key-snippet">
      <div class="row row-spread">
        <h4>{title}</h4>
        <Copy text={text} what={`the lines: ${title}`} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it. */}
      <pre tabIndex={0}>{text}</pre>
    </div>
  );
}
