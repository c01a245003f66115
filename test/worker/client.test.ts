import { afterEach, describe, expect, it } from "vitest";

import { connect, type Status, type Subscription } from "../../client/client.ts";
import { webhook } from "../support/webhooks.ts";
import { newTenant, worker } from "./support.ts";

const open: Subscription[] = [];

afterEach(() => {
  for (const subscription of open.splice(0)) subscription.close();
});

/**
 * What `new WebSocket` is elsewhere, to the relay in this isolate: it has no address that the
 * platform's own could reach, so the upgrade is a fetch, as between Workers.
 */
class WorkerSocket extends EventTarget {
  readyState = 0;
  #socket: WebSocket | null = null;

  constructor(url: string, protocols: string[]) {
    super();
    void this.#open(url.replace(/^ws/, "http"), protocols);
  }

  send(data: string): void {
    this.#socket?.send(data);
  }

  close(code?: number, reason?: string): void {
    this.readyState = 2;
    this.#socket?.close(code, reason);
  }

  async #open(url: string, protocols: string[]): Promise<void> {
    const headers = { upgrade: "websocket", "sec-websocket-protocol": protocols.join(", ") };
    const { webSocket, status } = await worker(new Request(url, { headers }));
    if (webSocket === null) {
      this.readyState = 3;
      const message = `Unexpected server response: ${status}`;
      this.dispatchEvent(new ErrorEvent("error", { message, error: new Error(message) }));
      return;
    }
    this.#socket = webSocket;
    webSocket.addEventListener("message", ({ data }) => {
      this.dispatchEvent(new MessageEvent("message", { data }));
    });
    webSocket.addEventListener("close", ({ code, reason }) => {
      this.readyState = 3;
      this.dispatchEvent(new CloseEvent("close", { code, reason }));
    });
    webSocket.accept();
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }
}

describe("the client in a Worker", () => {
  it("gets events, resumes, and closes", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const seqs: number[] = [];
    const subscription = connect({
      url: tenant.origin,
      token: tenant.key,
      from: "start",
      WebSocket: WorkerSocket,
      onEvent: ({ seq }) => seqs.push(seq),
    });
    open.push(subscription);
    await expect.poll(() => subscription.status).toEqual({ state: "live" });
    await tenant.send(path, webhook({ station: "cs1" }));
    await expect.poll(() => seqs).toEqual([1]);
    subscription.reconnect();
    await tenant.send(path, webhook({ station: "cs1" }));
    await expect.poll(() => seqs).toEqual([1, 2]);
    subscription.close();
    expect(subscription.status).toEqual({ state: "closed", reason: "asked" });
  });

  it("iterates, from a snapshot on", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await tenant.send(path, webhook({ station: "cs1" }));
    const subscription = connect({
      url: tenant.origin,
      token: () => tenant.key,
      from: "snapshot",
      WebSocket: WorkerSocket,
    });
    open.push(subscription);
    const ops: string[] = [];
    for await (const item of subscription) {
      ops.push(item.op);
      if (item.op === "snapshot") await tenant.send(path, webhook({ station: "cs1" }));
      if (item.op === "event") break;
    }
    expect(ops).toEqual(["snapshot", "event"]);
  });

  it("ends with a refusal", async () => {
    const tenant = await newTenant();
    const subscription = connect({
      url: tenant.origin,
      token: "cw_nothing",
      WebSocket: WorkerSocket,
      onEvent: () => {},
    });
    open.push(subscription);
    await expect.poll(() => subscription.status).toMatchObject({ reason: "refused", code: 401 });
  });

  it("runs on the platform's own WebSocket", async () => {
    const errors: string[] = [];
    const statuses: Status[] = [];
    const subscription = connect({
      // Nobody is there: that the platform's class is used and heard is what shows here.
      url: "http://127.0.0.1:1",
      token: "key",
      onEvent: () => {},
      onError: ({ code }) => errors.push(code),
      onStatus: (status) => statuses.push(status),
    });
    open.push(subscription);
    await expect.poll(() => errors).toContain("connection_failed");
    // All that it went through, since the next try may have begun by now.
    const waiting = expect.objectContaining({ state: "waiting", reason: "network" });
    await expect.poll(() => statuses).toContainEqual(waiting);
  });
});
