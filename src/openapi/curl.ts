import { type Access, type Endpoint, methodOf, pathOf } from "./endpoint.ts";
import { PATH_EXAMPLES } from "./examples.ts";

const KEYS: Readonly<Record<Access, string | null>> = {
  open: null,
  signature: null,
  operator: "OPERATOR_KEY",
  reader: "API_KEY",
  admin: "API_KEY",
  grant: "API_KEY",
  stream: "API_KEY",
};

/** The call as a shell makes it. */
export function curlOf(endpoint: Endpoint): string {
  const { access, body, answers } = endpoint;
  const method = methodOf(endpoint);
  const key = KEYS[access];
  // curl takes the method from the body.
  const isPlain = method === "GET" || (method === "POST" && body !== undefined);
  const stream = Object.values(answers).some(({ type }) => type === "text/event-stream");
  return [
    `curl ${stream ? "-N" : "-s"}${isPlain ? "" : ` -X ${method}`} "$RELAY${examplePathOf(endpoint)}"`,
    ...(key === null ? [] : [`-H "Authorization: Bearer $${key}"`]),
    ...(access === "signature" ? ['-H "edrv-signature: t=$T,v1=$V1"'] : []),
    ...(stream ? ['-H "Accept: text/event-stream"'] : []),
    ...(body === undefined ? [] : [`-d '${quoted(JSON.stringify(body.example))}'`]),
  ].join(" \\\n  ");
}

/** Its path, with examples for what varies. */
export function examplePathOf(endpoint: Endpoint): string {
  const path = pathOf(endpoint);
  return path.replaceAll(/\{\w+\}/g, (name, at: number) => {
    const until = path.slice(0, at + name.length);
    return PATH_EXAMPLES.find(([known]) => known === until)?.[1] ?? name;
  });
}

const quoted = (text: string): string => text.replaceAll("'", `'\\''`);
