import type { OpenedDemo } from "./demo.ts";
import type { Paint } from "./terminal.ts";

export interface BannerFacts {
  readonly demo: OpenedDemo;
  readonly relayUrl: string;
  readonly receiverUrl: string;
  readonly demoFile: string;
  readonly logFile: string;
}

/** What was started, and lines to paste into another terminal. */
export function demoBanner(facts: BannerFacts, paint: Paint): string[] {
  const { demo, relayUrl, receiverUrl, demoFile, logFile } = facts;
  const row = (label: string, value: string) => `  ${paint("dim", label.padEnd(9))} ${value}`;
  const heading = (text: string) => ["", paint("bold", text)];
  const auth = `-H 'authorization: Bearer ${demo.apiKey}'`;
  return [
    paint("bold", "Chargewire"),
    row("console", paint("bold", consoleLink(relayUrl, demo.apiKey))),
    row("relay", `${relayUrl}  (log: ${logFile})`),
    row("tenant", `${demo.tenant}${demo.isNew ? "" : ", found again"}  (keys: ${demoFile})`),
    row("API key", demo.apiKey),
    row("ingest", demo.ingestUrl),
    row("receiver", receiverUrl),
    ...heading("Send a signed webhook by hand"),
    ...sendByHand(demo),
    ...heading("List stations, list events"),
    `  curl -s ${relayUrl}/v1/stations ${auth}`,
    `  curl -s '${relayUrl}/v1/events?limit=5' ${auth}`,
    ...heading("Subscribe (Node 22, or the console of a browser without the quotes)"),
    `  ${subscribeOneLiner(relayUrl, demo.apiKey)}`,
    "",
    "Ctrl-C stops everything; the data stays for the next start.",
    "",
  ];
}

/** Signs in by the fragment, which browsers send to nobody; the page takes it out of the address at once. */
function consoleLink(relayUrl: string, apiKey: string): string {
  return `${relayUrl}/#key=${apiKey}`;
}

function sendByHand({ ingestUrl, secret }: OpenedDemo): string[] {
  const body = [
    String.raw`{\"_id\":\"by-hand-$t\",\"type\":\"chargestation.online\",\"object\":\"chargestation\",`,
    String.raw`\"data\":{\"_id\":\"by-hand-1\"},\"createdAt\":\"$(date -u +%FT%TZ)\"}`,
  ].join("");
  return [
    `  t=$(date +%s); body="${body}"`,
    `  mac=$(printf %s "$t.$body" | openssl dgst -sha256 -hmac ${secret} -hex | sed 's/.* //')`,
    `  curl -i ${ingestUrl} -H "edrv-signature: t=$t,v1=$mac" -d "$body"`,
  ];
}

function subscribeOneLiner(relayUrl: string, apiKey: string): string {
  const url = `${relayUrl.replace(/^http/, "ws")}/v1/stream?from=snapshot`;
  const script = `new WebSocket("${url}", ["chargewire.v1", "auth.${apiKey}"]).onmessage = (m) => console.log(m.data)`;
  return `node_modules/.bin/node -e '${script}'`;
}
