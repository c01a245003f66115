import type { View } from "./token-draft.ts";

/** Lines that subscribe by the client library. `token` is for the reader to fill in. */
export function clientSnippet(origin: string, view: View): string {
  const [on, what] =
    view === "state"
      ? ["onState: ({ stations }) => console.log(stations),", "stations that changed"]
      : ["onEvent: (event) => console.log(event.station, event.type),", "each event"];
  return [
    'import { connect } from "chargewire/client";',
    "",
    "connect({",
    `  url: "${origin}",`,
    "  token, // better: a function that gets a new one from your server",
    '  from: "snapshot",',
    "  onSnapshot: ({ stations }) => console.log(stations),",
    `  ${on} // ${what}`,
    "});",
  ].join("\n");
}

/** The same by server-sent events, with the token in `TOKEN`. */
export function curlSnippet(origin: string): string {
  return [
    "curl --no-buffer \\",
    '  -H "authorization: Bearer $TOKEN" \\',
    '  -H "accept: text/event-stream" \\',
    `  "${origin}/v1/stream?from=snapshot"`,
  ].join("\n");
}
