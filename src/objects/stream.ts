import { isRecent } from "../domain/clock.ts";
import { parseCursor } from "../domain/cursor.ts";
import { Filter } from "../domain/filter.ts";
import { allowsFilter } from "../domain/grant.ts";
import { randomId } from "../domain/ids.ts";
import { parseAs } from "../domain/parsing.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { endOfToken } from "../domain/subscriber-token.ts";
import { SUBSCRIPTION_HEADER, type Subscription } from "../domain/subscription.ts";
import { CloseCode, HEARTBEAT_SECONDS, PING, PONG, PROTOCOL } from "../protocol/codes.ts";
import {
  AckFrame,
  AuthFrame,
  type ClientFrame,
  errorFrame,
  readClientFrame,
  SubscribeFrame,
} from "../protocol/frames.ts";
import { LiveGroups } from "./stream-groups.ts";
import { type Member, MemberStore, newMember, permission } from "./stream-member.ts";
import { Outlet } from "./stream-outlet.ts";
import { Replay } from "./stream-replay.ts";
import type { StreamRecord, StreamSource } from "./stream-source.ts";

/** Sockets that one stream holds at most. */
export const MAX_SOCKETS = 5_000;
/** A client that has given signs of life and gives none for so long is gone. */
const DEAD_MS = 3 * HEARTBEAT_SECONDS * 1000;
/** While there are events the dead are looked for this often; while there are none they cost nothing. */
const REAP_INTERVAL_MS = 30_000;
/** Frames other than acknowledgements that one may send in ten seconds: each makes work here. */
const MAX_ASKED = 100;
const ASKED_PER_MS = 10_000;
/** Frames that may wait for a token to be looked at. */
const MAX_UNHEARD = 100;
/** Tokens that end close to each other are seen to in one go. */
const EXPIRY_STEP_MS = 10_000;

/**
 * The subscribers of one stream: who they are, what they ask for and when they have to go. Live
 * ones are in stream-groups.ts; stream-replay.ts brings the others up to date.
 */
export class Stream {
  readonly #ctx: DurableObjectState;
  readonly #source: StreamSource;
  readonly #members = new Map<WebSocket, Member>();
  readonly #store: MemberStore;
  readonly #outlet: Outlet;
  readonly #groups: LiveGroups;
  readonly #replay: Replay;
  /** When the first token ends, at the earliest; null when none does. */
  #nextExpiryMs: number | null = null;
  #reapedMs = 0;

  constructor(ctx: DurableObjectState, source: StreamSource) {
    this.#ctx = ctx;
    this.#source = source;
    this.#store = new MemberStore(ctx);
    this.#outlet = new Outlet(source, (member) => this.forget(member.socket));
    this.#groups = new LiveGroups(
      source,
      this.#outlet,
      (member, nowMs) => {
        // It may have given a sign of life meanwhile.
        this.#hear(member);
        return member.flow.isSlow(nowMs);
      },
      (member) => {
        // It may just have been found to be gone.
        if (this.#members.get(member.socket) === member) this.#store.save(member);
      },
      (slow, nowMs) => {
        for (const member of slow) this.#conflate(member);
        if (!isRecent(this.#reapedMs, nowMs, REAP_INTERVAL_MS)) this.#reap(nowMs);
      },
    );
    this.#replay = new Replay({
      source,
      outlet: this.#outlet,
      isCurrent: (member, generation) =>
        this.#members.get(member.socket) === member && member.generation === generation,
      hear: (member) => this.#hear(member),
      expire: (member) => this.#expireOne(member, Date.now()),
      conflate: (member) => this.#conflate(member),
      goLive: (member) => this.#goLive(member),
    });
    for (const socket of ctx.getWebSockets()) this.#restore(socket);
    this.#store.sweep(new Set([...this.#members.values()].map(({ connection }) => connection)));
  }

  get size(): number {
    return this.#members.size;
  }

  /** Answers an upgrade that src/http/streams.ts has checked and described in a header. */
  upgrade(request: Request): Response {
    const { keyId, grant, expiresAtMs, filter, from, proof } = subscriptionOf(request);
    if (proof !== null && parseCursor(proof)?.epoch !== this.#source.extent().epoch) {
      return new Response(null, { status: 401 });
    }
    if (this.#members.size >= MAX_SOCKETS) this.sweep();
    if (this.#members.size >= MAX_SOCKETS) return new Response(null, { status: 429 });
    const { 0: client, 1: server } = new WebSocketPair();
    // Pings are answered by the platform while the object sleeps.
    this.#ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    this.#ctx.acceptWebSocket(server);
    const connection = randomId("cn");
    const member = newMember(server, { connection, keyId, grant, expiresAtMs, filter });
    this.#members.set(server, member);
    this.#noteExpiry(member);
    this.#store.save(member);
    this.#run(member, this.#replay.begin(member, from));
    const headers = new Headers();
    // Echoed only when it was offered: clients refuse a protocol that they did not ask for.
    if (request.headers.has("sec-websocket-protocol")) {
      headers.set("sec-websocket-protocol", PROTOCOL);
    }
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  /**
   * New records, in the turn in which the log took them in; the platform holds frames back until they
   * are durable. `restated` are stations of which everybody is told, whatever events they want:
   * gone, back again, or at the end of a backlog. Those who see states are told how they are.
   */
  publish(records: readonly StreamRecord[], restated: ReadonlySet<string> = new Set()): void {
    this.#expireDue();
    this.#groups.publish(records, restated);
    if (restated.size === 0) return;
    const offset = (records[0]?.offset ?? this.#source.extent().head + 1) - 1;
    for (const member of this.#members.values()) {
      if (!member.isLive) member.restatedFrom ??= offset;
    }
  }

  /** How many live subscribers a record is for. */
  countWanting(record: StreamRecord | null): number {
    return record === null ? 0 : this.#groups.countWanting(record);
  }

  receive(socket: WebSocket, data: string | ArrayBuffer): void {
    const member = this.#members.get(socket);
    if (member === undefined) return;
    this.#source.count("messagesReceived");
    const nowMs = Date.now();
    if (this.#expireOne(member, nowMs)) return;
    member.lastFrameMs = nowMs;
    member.flow.heard(nowMs);
    const read = readClientFrame(data);
    if (read === null) {
      this.#outlet.close(member, CloseCode.badFrame, "unreadable frame");
    } else if (read.op !== "ack" && !mayAsk(member, nowMs)) {
      this.#outlet.close(member, CloseCode.badFrame, "too many frames");
    } else this.#obey(member, read);
  }

  #obey(member: Member, frame: ClientFrame): void {
    if (this.#members.get(member.socket) !== member) return;
    if (member.unheard !== null) {
      if (member.unheard.length < MAX_UNHEARD) member.unheard.push(frame);
      else this.#outlet.close(member, CloseCode.badFrame, "too many frames");
    } else if (frame.op === "ack") this.#acknowledge(member, frame);
    else if (frame.op === "auth") this.#run(member, this.#renew(member, frame));
    else this.#subscribe(member, frame);
  }

  /** Closes the sockets of keys that are no longer valid. */
  keepOnly(keyIds: ReadonlySet<string>): void {
    for (const member of [...this.#members.values()]) {
      if (keyIds.has(member.keyId)) continue;
      this.#outlet.close(member, CloseCode.unauthorised, "the key was deleted");
    }
  }

  closeAll(code: number, reason: string): void {
    for (const member of [...this.#members.values()]) this.#outlet.close(member, code, reason);
  }

  forget(socket: WebSocket): void {
    const member = this.#members.get(socket);
    if (member === undefined) return;
    member.generation += 1;
    this.#groups.leave(member);
    this.#members.delete(socket);
    this.#store.forget(member);
  }

  /** The other end closes. Until that is answered it waits, ten seconds as a rule. */
  leave(socket: WebSocket, code: number): void {
    this.forget(socket);
    try {
      // 1005 and 1006 stand for closes without a code, and are none that can be sent.
      socket.close(code === 1005 || code === 1006 ? 1000 : code);
    } catch {
      // There is nobody to answer.
    }
  }

  /** The stream starts anew: no cursor given out before means anything any more. */
  restart(): void {
    this.#groups.clear();
    for (const member of [...this.#members.values()]) {
      this.#beginAnew(member);
      // What waited went out first, which may have shown that it is gone.
      if (this.#members.get(member.socket) !== member) continue;
      this.#store.save(member);
      this.#run(member, this.#replay.resync(member, "epoch"));
    }
  }

  /** Closes those whose token has ended, and those that are gone without a word. */
  sweep(): void {
    const nowMs = Date.now();
    this.#expire(nowMs);
    this.#reap(nowMs);
  }

  /** A subscriber that cannot be served on is told to come back, rather than left in silence. */
  #run(member: Member, serving: Promise<void>): void {
    serving.catch(() => this.#outlet.close(member, CloseCode.reconnect, "reconnect"));
  }

  #restore(socket: WebSocket): void {
    const member = this.#store.restore(socket);
    if (member === null) {
      try {
        socket.close(CloseCode.reconnect, "reconnect");
      } catch {
        // Already closed.
      }
      return;
    }
    this.#members.set(socket, member);
    member.isLive = true;
    this.#groups.join(member);
    this.#noteExpiry(member);
  }

  #acknowledge(member: Member, { frame }: ClientFrame): void {
    const ack = parseAs(AckFrame, frame);
    if (!ack.ok) {
      this.#refuse(member, "invalid_frame", "expected op and cursor");
      return;
    }
    const cursor = parseCursor(ack.value.cursor);
    // Of another stream, or of this one before it started anew: it says nothing.
    if (cursor?.epoch !== this.#source.extent().epoch) return;
    const isFirst = !member.flow.acknowledges;
    member.flow.acknowledged(cursor.offset, Date.now());
    if (isFirst) this.#store.save(member);
  }

  #subscribe(member: Member, frame: ClientFrame): void {
    const wanted = readSubscribe(frame);
    if (!wanted.ok) {
      this.#refuse(member, wanted.error.code, wanted.error.detail);
      return;
    }
    const { filter, from } = wanted.value;
    if (!allowsFilter(member.grant, filter)) {
      this.#refuse(member, "forbidden_filter", "this token may not use match");
      return;
    }
    this.#beginAnew(member);
    this.#store.forget(member);
    Object.assign(member, permission({ ...member, filter }));
    this.#store.save(member);
    this.#run(member, this.#replay.begin(member, from));
  }

  /** Frames are obeyed in their order, so those that come meanwhile wait until it is decided. */
  async #renew(member: Member, frame: ClientFrame): Promise<void> {
    member.unheard = [];
    try {
      await this.#replaceToken(member, frame);
    } finally {
      const unheard: readonly ClientFrame[] = member.unheard ?? [];
      member.unheard = null;
      for (const each of unheard) this.#obey(member, each);
    }
  }

  /** What its old token let through goes out before the new hello; nothing is lost or repeated. */
  async #replaceToken(member: Member, { frame }: ClientFrame): Promise<void> {
    const auth = parseAs(AuthFrame, frame);
    if (!auth.ok) return this.#refuse(member, "invalid_frame", "expected op and token");
    const admission = await this.#source.admit(auth.value.token);
    if (this.#members.get(member.socket) !== member) return;
    if (admission === null) {
      return this.#refuse(member, "unauthorized", "this token does not open this stream");
    }
    if (!allowsFilter(admission.grant, member.filter)) {
      return this.#refuse(member, "forbidden_filter", "this token may not use match");
    }
    this.#beginAnew(member);
    this.#store.forget(member);
    Object.assign(member, permission({ ...admission, filter: member.filter }));
    this.#noteExpiry(member);
    this.#store.save(member);
    this.#replay.greet(member, null);
    this.#run(member, this.#replay.proceed(member));
  }

  #refuse(member: Member, code: string, detail: string): void {
    this.#outlet.tell(member, errorFrame(code, detail));
  }

  /** From here on it gets nothing but what it is sent by itself, from where it stands. */
  #beginAnew(member: Member): void {
    this.#groups.flushWaiting();
    if (member.isLive) member.position = this.#groups.position;
    this.#groups.leave(member);
    member.isLive = false;
    member.generation += 1;
  }

  #goLive(member: Member): void {
    member.isLive = true;
    // What it has been sent so far was sent at its own pace; what comes now is not.
    if (!member.flow.acknowledges) member.flow.forgive();
    this.#groups.join(member);
    this.#store.save(member);
  }

  #conflate(member: Member): void {
    this.#beginAnew(member);
    member.heldSinceMs = Date.now();
    this.#store.save(member);
    this.#run(member, this.#replay.resync(member, "slow"));
  }

  #hear(member: Member): void {
    const ping = this.#ctx.getWebSocketAutoResponseTimestamp(member.socket);
    if (ping !== null) member.flow.heard(ping.getTime());
  }

  #noteExpiry({ expiresAtMs }: Member): void {
    if (expiresAtMs === null) return;
    const endMs = endOfToken(expiresAtMs, Date.now());
    this.#nextExpiryMs = Math.min(this.#nextExpiryMs ?? endMs, endMs);
    this.#source.wakeAt(Math.ceil(endMs / EXPIRY_STEP_MS) * EXPIRY_STEP_MS);
  }

  #expireDue(): void {
    if (this.#nextExpiryMs === null) return;
    const nowMs = Date.now();
    if (nowMs >= endOfToken(this.#nextExpiryMs, nowMs)) this.#expire(nowMs);
  }

  #expire(nowMs: number): void {
    this.#nextExpiryMs = null;
    for (const member of [...this.#members.values()]) {
      if (!this.#expireOne(member, nowMs)) this.#noteExpiry(member);
    }
  }

  #expireOne(member: Member, nowMs: number): boolean {
    const { expiresAtMs } = member;
    if (expiresAtMs === null || nowMs < endOfToken(expiresAtMs, nowMs)) return false;
    this.#beginAnew(member);
    this.#outlet.bye(member, CloseCode.tokenExpired, "the token has ended", 0, member.position);
    return true;
  }

  #reap(nowMs: number): void {
    this.#reapedMs = nowMs;
    for (const member of [...this.#members.values()]) {
      const pingMs = this.#ctx.getWebSocketAutoResponseTimestamp(member.socket)?.getTime();
      const heardMs = Math.max(pingMs ?? 0, member.lastFrameMs ?? 0);
      // Of one that has never said anything nothing can be said.
      if (heardMs === 0 || nowMs - heardMs <= DEAD_MS) continue;
      this.#outlet.close(member, CloseCode.reconnect, "no sign of life");
    }
  }
}

function mayAsk(member: Member, nowMs: number): boolean {
  const { sinceMs, count } = member.asked;
  const isNew = !isRecent(sinceMs, nowMs, ASKED_PER_MS);
  member.asked = isNew ? { sinceMs: nowMs, count: 1 } : { sinceMs, count: count + 1 };
  return member.asked.count <= MAX_ASKED;
}

function readSubscribe({
  op,
  frame,
}: ClientFrame): Result<{ filter: Filter; from: string }, { code: string; detail: string }> {
  if (op !== "subscribe") {
    return err({ code: "unknown_op", detail: `unknown op ${op.slice(0, 40)}` });
  }
  const subscribe = parseAs(SubscribeFrame, frame);
  if (!subscribe.ok) {
    return err({ code: "invalid_frame", detail: "expected op, filter and from" });
  }
  const filter = parseAs(Filter, subscribe.value.filter ?? {});
  if (!filter.ok) {
    const issue = filter.error[0];
    const detail = `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`;
    return err({ code: "invalid_filter", detail });
  }
  return ok({ filter: filter.value, from: subscribe.value.from ?? "now" });
}

/** What the edge has written into an upgrade's header. */
export function subscriptionOf(request: Request): Subscription {
  const subscription: Subscription = JSON.parse(request.headers.get(SUBSCRIPTION_HEADER) ?? "null");
  return subscription;
}
