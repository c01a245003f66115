import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import protocol from "../../docs/protocol.md?raw";
import { webhook } from "../support/webhooks.ts";
import { newTenant, subscribe } from "./support.ts";

afterEach(() => reset());

const Token = z.object({ token: z.string() });

describe("docs/protocol.md", () => {
  it("shows a session as it really goes", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const block = /```session\n([\s\S]*?)```/.exec(protocol)?.[1] ?? "";
    const session = block.split("\n").filter((line) => line !== "");
    expect(session.length).toBeGreaterThan(30);
    let token: string | null = null;
    let socket: WebSocket | null = null;
    let received: string[] = [];
    for (const line of session) {
      const [verb = "", rest = ""] = line.split(/\s+(.*)/);
      if (verb === "GET") {
        expect(received).toEqual([]);
        const [target = "", key] = rest.split(" with the ");
        const opened = await subscribe(tenant, target, key === "token" ? (token ?? "") : undefined);
        received = [];
        const texts = received;
        opened.socket.addEventListener("message", ({ data }) => void texts.push(String(data)));
        socket = opened.socket;
      } else if (verb === "SSE") {
        expect(received).toEqual([]);
        received = readLines(await tenant.events(rest));
      } else if (verb === "POST" && rest.startsWith("/")) {
        const [target = "", body = ""] = rest.split(/ (.*)/);
        const answer = await tenant.call("POST", target, JSON.parse(body));
        expect(answer.status).toBe(201);
        token = Token.parse(answer.body).token;
        received.push(JSON.stringify(answer.body));
      } else if (verb === "POST") {
        const [station = "", type = ""] = rest.split(" ");
        const ofStation = type.startsWith("chargestation.");
        const event = webhook({ station, type, ...(ofStation ? { data: { _id: station } } : {}) });
        expect((await tenant.send(path, event)).status).toBe(200);
      } else if (verb === "->") {
        socket?.send(rest);
      } else {
        await expect.poll(() => received.length, { message: line }).toBeGreaterThan(0);
        expect(shapeOf(received.shift() ?? "", rest)).toEqual(rest);
      }
    }
    expect(received).toEqual([]);
  });
});

/** The lines of a response, as they come, but for empty ones. */
function readLines(response: Response): string[] {
  const lines: string[] = [];
  const decoder = new TextDecoder();
  void (async () => {
    let rest = "";
    for await (const chunk of response.body ?? []) {
      const texts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = texts.pop() ?? "";
      lines.push(...texts.filter((text) => text !== ""));
    }
  })();
  return lines;
}

/** The frame, with … wherever the documented one has it. */
function shapeOf(frame: string, documented: string): string {
  const [, field = "", shown = ""] = /^((?:id|data): )?(.*)$/.exec(documented) ?? [];
  if (!frame.startsWith(field)) return frame;
  if (shown === "…") return documented;
  if (!shown.startsWith("{")) return frame;
  return field + JSON.stringify(masked(JSON.parse(frame.slice(field.length)), JSON.parse(shown)));
}

function masked(value: unknown, shown: unknown): unknown {
  if (shown === "…") return value === undefined ? undefined : "…";
  if (Array.isArray(value) && Array.isArray(shown)) {
    return value.map((item, index) => masked(item, shown[index]));
  }
  if (typeof value !== "object" || value === null || typeof shown !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, masked(item, Object(shown)[key])]),
  );
}
