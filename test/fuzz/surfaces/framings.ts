import * as fc from "fast-check";

import { exchange } from "../exchange.ts";
import { complaintsOf } from "../rules.ts";
import { readable, type Surface } from "../surface.ts";

/** Where a request ends is for its framing to say. These say it twice, wrongly, or not at all. */
const FRAMINGS = [
  ...["Content-Length: 5", "Content-Length: 6", "Content-Length: 0", "Content-Length: -1"],
  ...["Content-Length: +5", "Content-Length: 5, 5", "Content-Length: 5, 6", "Content-Length: 0x5"],
  ...["Content-Length: 99999999999999999999", "Content-Length:", "Content-Length : 5"],
  ...["Content-Length: 5\r\nContent-Length: 5", " Content-Length: 5", "Content_Length: 5"],
  ...["Transfer-Encoding: chunked", "Transfer-Encoding: Chunked", "Transfer-Encoding: xchunked"],
  ...["Transfer-Encoding: chunked, identity", "Transfer-Encoding: identity", "Transfer-Encoding:"],
  ...["Transfer-Encoding: gzip, chunked", "Transfer-Encoding : chunked", "TE: trailers"],
  ...["Transfer-Encoding:\tchunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"],
  ...["X: a\r\n Transfer-Encoding: chunked", "X: a\rTransfer-Encoding: chunked", "X: a\0b"],
  ...["X: a\n\nGET /health HTTP/1.1", "Expect: 100-continue", "Expect: nothing", "Upgrade: h2c"],
  ...[
    "Connection: keep-alive",
    "Connection: content-length",
    "Connection: close, transfer-encoding",
  ],
  ...["Host: evil.example", "X-Forwarded-Host: evil.example", "X-Forwarded-For: 127.0.0.1"],
  ...["X-Original-URL: /v1/tenants", "X-HTTP-Method-Override: DELETE", "Forwarded: host=evil"],
  ...["CF-Connecting-IP: 127.0.0.1", ": empty", "no colon", "\xff\xfe: \xff", "X: \x01\x7f"],
];
const BODIES = [
  ...["", "12345", "123456", "0\r\n\r\n", "5\r\n12345\r\n0\r\n\r\n", "5;a=b\r\n12345\r\n0\r\n\r\n"],
  ...[
    "5\r\n12345",
    "6\r\n12345\r\n0\r\n\r\n",
    "-5\r\n12345\r\n0\r\n\r\n",
    "0x5\r\n12345\r\n0\r\n\r\n",
  ],
  ...["ffffffffffffffff\r\n", "FFFFFFFFFFFFFFFFF\r\n1", "5\n12345\n0\n\n", "0\r\nX: y\r\n\r\n"],
  ...[" 5\r\n12345\r\n0\r\n\r\n", "00000000000000005\r\n12345\r\n0\r\n\r\n", "zz\r\n\r\n"],
];
const METHODS = [
  "GET",
  "POST",
  "PUT",
  "HEAD",
  "OPTIONS",
  "TRACE",
  "get",
  "PROPFIND",
  "NO SUCH",
  "",
];
const TARGETS = [
  ...["/health", "/v1/events", "/ingest/src_none", "*", "http://evil.example/health", "//health"],
  ...["health", "/\xff", "/\0", "/a b", "/?\r", "http://[::1", "/v1/tenants", "/#x", "\\health"],
];
const VERSIONS = ["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "http/1.1", "", "HTTP/1.1 x"];
const LINE_ENDS = ["\r\n", "\r\n", "\r\n", "\n", "\r", "\r\r\n"];

interface Framing {
  readonly request: readonly [method: string, target: string, version: string];
  readonly headers: readonly string[];
  readonly lineEnd: string;
  readonly body: string;
  /** Bytes put in another's place. */
  readonly flips: readonly (readonly [at: number, by: number])[];
}

/** A request, and behind it one more that is there only if the first has ended before it. */
const NEXT = "GET /health HTTP/1.1\r\nHost: relay.test\r\n\r\n";

/** What is hardly HTTP: where its end is, is not to be seen in two ways. */
export const framings: Surface<Framing> = {
  name: "framings",
  input: fc.record({
    request: fc.tuple(
      fc.oneof(fc.constant("POST"), fc.constantFrom(...METHODS)),
      fc.oneof(fc.constant("/health"), fc.constantFrom(...TARGETS)),
      fc.oneof({ weight: 4, arbitrary: fc.constant("HTTP/1.1") }, fc.constantFrom(...VERSIONS)),
    ),
    headers: fc.array(fc.constantFrom(...FRAMINGS), { maxLength: 4 }),
    lineEnd: fc.constantFrom(...LINE_ENDS),
    body: fc.constantFrom(...BODIES),
    flips: fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 }),
    ),
  }),
  attempt: async (world, framing) => {
    const bytes = write(framing);
    const isHead = bytes.toString("latin1").startsWith("HEAD ");
    const exchanged = await exchange(world.relay.port, [bytes], {
      wanted: 9,
      halfClose: true,
      isHead,
    });
    const complaints = complaintsOf(exchanged, {
      mayBeNoHttp: true,
      isHead,
      secrets: [...world.secrets, world.main.tenant.id],
    });
    const [, ...later] = exchanged.answers.filter(({ status }) => status >= 200);
    if (isAmbiguous(framing) && later.some(({ status }) => status === 200)) {
      complaints.push("went on behind a request whose end can be seen in two ways");
    }
    return {
      outcomes: exchanged.answers.map(({ status }) => String(status)),
      sent: readable(bytes),
      complaints,
    };
  },
};

function write({ request, headers, lineEnd, body, flips }: Framing): Buffer {
  const head = [request.join(" "), "Host: relay.test", ...headers, "", ""].join(lineEnd);
  const bytes = Buffer.from(head + body + NEXT, "latin1");
  for (const [at, by] of flips) bytes[at % bytes.length] = by;
  return bytes;
}

/** Chunks and a length, or two lengths that differ. */
function isAmbiguous({ headers, flips, lineEnd }: Framing): boolean {
  if (flips.length > 0 || lineEnd !== "\r\n") return false;
  const lines = headers.flatMap((header) => header.split("\r\n"));
  const lengths = new Set(lines.flatMap((line) => /^Content-Length: (.*)$/.exec(line)?.[1] ?? []));
  const isChunked = lines.some((line) => /^Transfer-Encoding:.*chunked$/.test(line));
  return lengths.size > 1 || (isChunked && lengths.size > 0);
}
