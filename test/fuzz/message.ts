/** A request as a client that keeps to HTTP would send it, whatever is in it. */
export interface Message {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
}

export type Header = readonly [name: string, value: string];

const NOTHING = new Uint8Array();

export function message(
  method: string,
  target: string,
  headers: readonly Header[] = [],
  body: Uint8Array = NOTHING,
): Message {
  return { method, target, headers, body };
}

/** In bytes; the connection ends with the answer. */
export function toBytes({ method, target, headers, body }: Message): Uint8Array {
  const names = headers.map(([name]) => name.toLowerCase());
  const usual: readonly Header[] = [
    ["host", "relay.test"],
    ["connection", "close"],
    ...(method === "GET" ? [] : [["content-length", String(body.length)] as const]),
  ];
  const lines = [...usual.filter(([name]) => !names.includes(name)), ...headers]
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
  return Buffer.concat([
    Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines}\r\n`, "latin1"),
    body,
  ]);
}

export function bearer(key: string): Header {
  return ["authorization", `Bearer ${key}`];
}
