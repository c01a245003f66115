import { type Extent, formatCursor, parseCursor, resumeFrom } from "../domain/cursor.ts";
import { eventBody } from "../domain/event.ts";
import {
  type CompiledFilter,
  compileFilter,
  Filter,
  type Filterable,
  filterable,
  filterKey,
} from "../domain/filter.ts";
import { randomId } from "../domain/ids.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { SUBSCRIPTION_HEADER, type Subscription } from "../domain/subscription.ts";
import { CloseCode, PING, PONG, PROTOCOL } from "../protocol/codes.ts";
import {
  type ClientFrame,
  errorFrame,
  eventsFrame,
  type GapReason,
  gapFrame,
  helloFrame,
  readClientFrame,
  SubscribeFrame,
  snapshotFrame,
} from "../protocol/frames.ts";

/** An event in a stream, serialised. */
export interface StreamRecord {
  readonly offset: number;
  readonly type: string;
  readonly station: string;
  readonly json: string;
}

/** What a stream serves from: an ordered log with a bounded past, and the present states. */
export interface StreamSource {
  readonly tenant: string;
  readonly extent: () => Extent;
  /** Records after `offset`, oldest first, as many as are handy; the offset read up to. */
  readonly read: (offset: number) => { records: readonly StreamRecord[]; offset: number };
  /** The states of the stations that pass, as of the extent's head. */
  readonly snapshot: (wantsStation: (station: string) => boolean) => readonly string[];
}

/** Sockets that one stream holds at most. */
export const MAX_SOCKETS = 5_000;
const SNAPSHOT_PAGE = 200;
const MAX_FRAME_CHARS = 512 * 1024;
/** A busy stream sends one frame per socket and this interval; an idle one sends at once. */
const FRAME_INTERVAL_MS = 50;
/** A subscriber whose filter lets nothing through hears its cursor this often, at least. */
const SILENT_EVENTS = 500;

/** Of the 16 KiB that the platform keeps with a socket, what is left for its filter: two bytes a character. */
const MAX_ATTACHED_CHARS = 7_500;
const filterName = (connection: string) => `filter:${connection}`;

/** What a socket carries through hibernation. */
interface Attachment {
  readonly connection: string;
  readonly keyId: string;
  /** The filter as JSON text, or null when it is too long for an attachment and stored apart. */
  readonly filter: string | null;
  /** False while it is being brought up to date, which hibernation would cut short. */
  readonly live: boolean;
}

interface Member {
  readonly connection: string;
  readonly keyId: string;
  key: string;
  compiled: CompiledFilter;
  /** Grows when the member's subscription changes, so that a replay under way notices. */
  generation: number;
}

/** Sockets with the same filter: each event is matched once, each frame built once for all of them. */
interface Group {
  readonly compiled: CompiledFilter;
  readonly sockets: Set<WebSocket>;
  waiting: StreamRecord[];
}

/**
 * The subscribers of one stream. A socket is either live, in a group that gets every new
 * event, or attaching: reading the log at its own pace until it has reached the head. It goes
 * live in the same turn in which it has nothing left to read, so there is no seam.
 */
export class Stream {
  readonly #ctx: DurableObjectState;
  readonly #source: StreamSource;
  readonly #members = new Map<WebSocket, Member>();
  readonly #groups = new Map<string, Group>();
  #sentMs = 0;
  #sentOffset: number;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(ctx: DurableObjectState, source: StreamSource) {
    this.#ctx = ctx;
    this.#source = source;
    this.#sentOffset = source.extent().head;
    for (const socket of ctx.getWebSockets()) this.#restore(socket);
    this.#sweepFilters();
  }

  get size(): number {
    return this.#members.size;
  }

  /** Answers an upgrade that src/http/streams.ts has checked and described in a header. */
  upgrade(request: Request): Response {
    if (this.#members.size >= MAX_SOCKETS) return new Response(null, { status: 429 });
    const subscription = subscriptionOf(request);
    const { 0: client, 1: server } = new WebSocketPair();
    // Pings are answered by the platform while the object sleeps.
    this.#ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    this.#ctx.acceptWebSocket(server);
    const member = newMember(randomId("cn"), subscription.keyId, subscription.filter);
    this.#members.set(server, member);
    this.#begin(server, member, subscription.from);
    const headers = new Headers();
    // Echoed only when it was offered: clients refuse a protocol that they did not ask for.
    if (request.headers.has("sec-websocket-protocol")) {
      headers.set("sec-websocket-protocol", PROTOCOL);
    }
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  /** New records, durable by the time any frame leaves. */
  publish(records: readonly StreamRecord[]): void {
    if (this.#groups.size === 0) return;
    for (const record of records) {
      const seen = seenByFilters(record);
      for (const { compiled, waiting } of this.#groups.values()) {
        if (compiled.wants(seen)) waiting.push(record);
      }
    }
    if (this.#timer !== null) return;
    const waitMs = this.#sentMs + FRAME_INTERVAL_MS - Date.now();
    if (waitMs <= 0) this.#send();
    else this.#timer = setTimeout(() => this.#send(), waitMs);
  }

  receive(socket: WebSocket, data: string | ArrayBuffer): void {
    const member = this.#members.get(socket);
    if (member === undefined) return;
    const read = readClientFrame(data);
    if (read === null) {
      this.#close(socket, CloseCode.badFrame, "unreadable frame");
      return;
    }
    // Acknowledgements are welcome and not required.
    if (read.op === "ack") return;
    const wanted = readSubscribe(read);
    if (!wanted.ok) {
      this.#tell(socket, errorFrame(wanted.error.code, wanted.error.detail));
      return;
    }
    const { filter, from } = wanted.value;
    // Nothing of the old filter may follow the new hello, so what waits goes out before it.
    if (this.#timer !== null) this.#send();
    this.#leaveGroup(socket, member);
    this.#forgetFilter(member);
    Object.assign(member, withFilter(filter), { generation: member.generation + 1 });
    this.#begin(socket, member, from);
  }

  /** Closes the sockets of keys that are no longer valid. */
  keepOnly(keyIds: ReadonlySet<string>): void {
    for (const [socket, { keyId }] of this.#members) {
      if (!keyIds.has(keyId)) this.#close(socket, CloseCode.unauthorised, "the key was deleted");
    }
  }

  closeAll(code: number, reason: string): void {
    for (const socket of [...this.#members.keys()]) this.#close(socket, code, reason);
  }

  forget(socket: WebSocket): void {
    const member = this.#members.get(socket);
    if (member === undefined) return;
    member.generation += 1;
    this.#leaveGroup(socket, member);
    this.#members.delete(socket);
    this.#forgetFilter(member);
  }

  /** The stream starts anew: no cursor given out before means anything any more. */
  restart(): void {
    const sockets = [...this.#members];
    this.#groups.clear();
    this.#sentOffset = this.#source.extent().head;
    for (const [socket, member] of sockets) {
      member.generation += 1;
      this.#finish(socket, this.#resync(socket, member, "epoch"));
    }
  }

  #begin(socket: WebSocket, member: Member, from: string): void {
    this.#finish(socket, this.#attach(socket, member, from));
  }

  /** A subscriber that cannot be served on is told to come back, rather than left in silence. */
  #finish(socket: WebSocket, attaching: Promise<void>): void {
    attaching.catch(() => this.#close(socket, CloseCode.reconnect, "reconnect"));
  }

  #restore(socket: WebSocket): void {
    // Written by #save of this or an older version.
    const saved: Attachment | null = socket.deserializeAttachment();
    if (saved?.live !== true) {
      this.#close(socket, CloseCode.reconnect, "reconnect");
      return;
    }
    const text = saved.filter ?? this.#ctx.storage.kv.get<string>(filterName(saved.connection));
    const member = newMember(saved.connection, saved.keyId, JSON.parse(text ?? "{}"));
    this.#members.set(socket, member);
    this.#joinGroup(socket, member);
  }

  async #attach(socket: WebSocket, member: Member, from: string): Promise<void> {
    this.#save(socket, member, false);
    const extent = this.#source.extent();
    const hello = (offset: number, recovered: boolean | null) => {
      const cursor = formatCursor({ epoch: extent.epoch, offset });
      const { tenant } = this.#source;
      this.#tell(socket, helloFrame({ connection: member.connection, tenant, cursor, recovered }));
    };
    if (from === "now" || from === "snapshot") hello(extent.head, null);
    if (from === "now") return this.#follow(socket, member, extent.head);
    if (from === "snapshot") return this.#snapshot(socket, member);
    if (from === "start") {
      hello(extent.oldest, null);
      return this.#follow(socket, member, extent.oldest);
    }
    const resumption = resumeFrom(parseCursor(from), extent);
    if (resumption.kind === "exact") {
      hello(resumption.offset, true);
      return this.#follow(socket, member, resumption.offset);
    }
    hello(extent.head, false);
    return this.#resync(socket, member, resumption.reason);
  }

  #resync(socket: WebSocket, member: Member, reason: GapReason): Promise<void> {
    this.#save(socket, member, false);
    this.#tell(socket, gapFrame(reason, this.#cursorAt(this.#source.extent().head)));
    return this.#snapshot(socket, member);
  }

  /** All states as of one moment, in pages; then everything since that moment. */
  async #snapshot(socket: WebSocket, member: Member): Promise<void> {
    const { generation } = member;
    const { head } = this.#source.extent();
    const states = this.#source.snapshot(member.compiled.wantsStation);
    const cursor = this.#cursorAt(head);
    for (let start = 0; ; start += SNAPSHOT_PAGE) {
      const done = start + SNAPSHOT_PAGE >= states.length;
      this.#tell(socket, snapshotFrame(states.slice(start, start + SNAPSHOT_PAGE), cursor, done));
      if (done) break;
      await scheduler.wait(0);
      if (member.generation !== generation) return;
    }
    await this.#follow(socket, member, head);
  }

  /** Replays what the log holds after `offset`; once there is nothing left, the socket is live. */
  async #follow(socket: WebSocket, member: Member, offset: number): Promise<void> {
    const { generation } = member;
    let position = offset;
    while (position < this.#source.extent().head) {
      const { records, offset: readTo } = this.#source.read(position);
      const wanted = records.filter((record) => member.compiled.wants(seenByFilters(record)));
      if (wanted.length > 0) this.#tellEvents([socket], wanted, readTo);
      else if (Math.floor(position / SILENT_EVENTS) !== Math.floor(readTo / SILENT_EVENTS)) {
        this.#tell(socket, eventsFrame([], this.#cursorAt(readTo)));
      }
      position = readTo;
      await scheduler.wait(0);
      if (member.generation !== generation) return;
    }
    // What the groups still have to send lies before the head, where this socket already is.
    if (this.#timer !== null) this.#send();
    this.#save(socket, member, true);
    this.#joinGroup(socket, member);
  }

  #send(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#sentMs = Date.now();
    const { head } = this.#source.extent();
    const heardLongAgo =
      Math.floor(this.#sentOffset / SILENT_EVENTS) !== Math.floor(head / SILENT_EVENTS);
    this.#sentOffset = head;
    for (const group of this.#groups.values()) {
      const { waiting } = group;
      group.waiting = [];
      if (waiting.length > 0) this.#tellEvents(group.sockets, waiting, head);
      else if (heardLongAgo) {
        const frame = eventsFrame([], this.#cursorAt(head));
        for (const socket of group.sockets) this.#tell(socket, frame);
      }
    }
  }

  /** Frames of bounded size; the last one's cursor covers everything up to `offset`. */
  #tellEvents(
    sockets: Iterable<WebSocket>,
    records: readonly StreamRecord[],
    offset: number,
  ): void {
    for (let start = 0; start < records.length; ) {
      let end = start;
      let chars = 0;
      while (end < records.length && (end === start || chars < MAX_FRAME_CHARS)) {
        chars += records[end]?.json.length ?? 0;
        end += 1;
      }
      const page = records.slice(start, end);
      const upTo = end === records.length ? offset : (page.at(-1)?.offset ?? offset);
      const frame = eventsFrame(
        page.map(({ json }) => json),
        this.#cursorAt(upTo),
      );
      for (const socket of sockets) this.#tell(socket, frame);
      start = end;
    }
  }

  #tell(socket: WebSocket, frame: string): void {
    try {
      socket.send(frame);
    } catch {
      // The other side is gone; its close event may be late or never come.
      this.forget(socket);
    }
  }

  #close(socket: WebSocket, code: number, reason: string): void {
    this.forget(socket);
    try {
      socket.close(code, reason);
    } catch {
      // Already closed.
    }
  }

  /** Filters of sockets that went away without a word, with an instance that died. */
  #sweepFilters(): void {
    const connections = new Set([...this.#members.values()].map(({ connection }) => connection));
    for (const [name] of this.#ctx.storage.kv.list({ prefix: filterName("") })) {
      if (!connections.has(name.slice(filterName("").length))) this.#ctx.storage.kv.delete(name);
    }
  }

  #forgetFilter({ connection, key }: Member): void {
    if (key.length > MAX_ATTACHED_CHARS) this.#ctx.storage.kv.delete(filterName(connection));
  }

  #save(socket: WebSocket, { connection, keyId, key }: Member, live: boolean): void {
    const isLong = key.length > MAX_ATTACHED_CHARS;
    if (isLong) this.#ctx.storage.kv.put(filterName(connection), key);
    const attachment: Attachment = { connection, keyId, filter: isLong ? null : key, live };
    socket.serializeAttachment(attachment);
  }

  #joinGroup(socket: WebSocket, member: Member): void {
    // It may have gone away while it was being brought up to date.
    if (!this.#members.has(socket)) return;
    const group = this.#groups.get(member.key);
    if (group !== undefined) group.sockets.add(socket);
    else {
      const { compiled } = member;
      this.#groups.set(member.key, { compiled, sockets: new Set([socket]), waiting: [] });
    }
  }

  #leaveGroup(socket: WebSocket, member: Member): void {
    const group = this.#groups.get(member.key);
    if (group?.sockets.delete(socket) === true && group.sockets.size === 0) {
      this.#groups.delete(member.key);
    }
  }

  #cursorAt(offset: number): string {
    return formatCursor({ epoch: this.#source.extent().epoch, offset });
  }
}

/** A record as filters see it. What is parsed for them is not kept with the record until its frame leaves. */
export function seenByFilters(record: StreamRecord): Filterable {
  return filterable(record, () => eventBody(record.json));
}

function readSubscribe({
  op,
  frame,
}: ClientFrame): Result<{ filter: Filter; from: string }, { code: string; detail: string }> {
  if (op !== "subscribe") {
    return err({ code: "unknown_op", detail: `unknown op ${op.slice(0, 40)}` });
  }
  const subscribe = SubscribeFrame.safeParse(frame);
  if (!subscribe.success) {
    return err({ code: "invalid_frame", detail: "expected op, filter and from" });
  }
  const filter = Filter.safeParse(subscribe.data.filter ?? {});
  if (!filter.success) {
    const issue = filter.error.issues[0];
    const detail = `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`;
    return err({ code: "invalid_filter", detail });
  }
  return ok({ filter: filter.data, from: subscribe.data.from ?? "now" });
}

/** What the edge has written into an upgrade's header. */
export function subscriptionOf(request: Request): Subscription {
  const subscription: Subscription = JSON.parse(request.headers.get(SUBSCRIPTION_HEADER) ?? "null");
  return subscription;
}

function withFilter(filter: Filter): Pick<Member, "key" | "compiled"> {
  return { key: filterKey(filter), compiled: compileFilter(filter) };
}

function newMember(connection: string, keyId: string, filter: Filter): Member {
  return { connection, keyId, generation: 0, ...withFilter(filter) };
}
