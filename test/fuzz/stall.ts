import { once } from "node:events";
import { connect, type Socket } from "node:net";

import type { World } from "./world.ts";

export const STALLED = 200;
const SENT_BYTES = 500_000;

/**
 * Runs `meanwhile` while that many webhooks have come almost to their end, and go no further.
 * Then they break off.
 */
export async function withStalledBodies(
  { relay, main }: World,
  meanwhile: () => Promise<void>,
): Promise<void> {
  const head = `POST ${main.source.path} HTTP/1.1\r\nhost: relay.test\r\ncontent-length: 524288\r\n`;
  const signature = `edrv-signature: t=${Math.floor(Date.now() / 1000)},v1=${"0".repeat(64)}`;
  const part = Buffer.concat([
    Buffer.from(`${head}${signature}\r\n\r\n`),
    Buffer.alloc(SENT_BYTES, " "),
  ]);
  const sockets = await Promise.all(
    Array.from({ length: STALLED }, () => sendPart(relay.port, part)),
  );
  await meanwhile();
  const closed = sockets.map((socket) => once(socket, "close"));
  for (const socket of sockets) socket.destroy();
  await Promise.all(closed);
}

/** Resolves when all of it has been taken. */
async function sendPart(port: number, part: Uint8Array): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  await new Promise<void>((resolve, reject) => {
    socket.write(part, (error) => (error ? reject(error) : resolve()));
  });
  socket.on("error", () => {});
  return socket;
}
