/**
 * What both ends of the subscriber protocol, version 1, need while they run, and that needs
 * nothing itself: a browser gets this file. The frames are in frames.ts.
 */
export const PROTOCOL = "chargewire.v1";

/** Offered beside {@link PROTOCOL}: browsers cannot set headers on a WebSocket. */
export const AUTH_PROTOCOL_PREFIX = "auth.";

/** Answered by the runtime without waking anything. */
export const PING = "ping";
export const PONG = "pong";

/** How often a client should ping; after twice this without an answer the connection is dead. */
export const HEARTBEAT_SECONDS = 30;

export const CloseCode = {
  badFrame: 4000,
  unauthorised: 4001,
  forbidden: 4003,
  version: 4009,
  overCapacity: 4100,
  tooSlow: 4101,
  restart: 4102,
  reconnect: 4200,
  tokenExpired: 4401,
} as const;
