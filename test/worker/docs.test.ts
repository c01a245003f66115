import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";

import protocol from "../../docs/protocol.md?raw";
import { webhook } from "../support/webhooks.ts";
import { newTenant, subscribe } from "./support.ts";

afterEach(() => reset());

describe("docs/protocol.md", () => {
  it("shows a session as it really goes", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const session = /```session\n([\s\S]*?)```/.exec(protocol)?.[1]?.trim().split("\n") ?? [];
    expect(session.length).toBeGreaterThan(10);
    let socket: WebSocket | null = null;
    let received: string[] = [];
    for (const line of session) {
      const [verb = "", rest = ""] = line.split(/\s+(.*)/);
      if (verb === "GET") {
        const subscriber = await subscribe(tenant, rest);
        const texts: string[] = [];
        subscriber.socket.addEventListener("message", ({ data }) => {
          texts.push(String(data));
        });
        [socket, received] = [subscriber.socket, texts];
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

/** The frame, with … wherever the documented one has it. */
function shapeOf(frame: string, documented: string): string {
  if (!documented.startsWith("{")) return frame;
  return JSON.stringify(masked(JSON.parse(frame), JSON.parse(documented)));
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
