import { type Filter, filterKey } from "../domain/filter.ts";
import { Flow } from "../domain/flow.ts";
import {
  compileVisibility,
  FULL_GRANT,
  type Grant,
  type Visibility,
  visibilityKey,
} from "../domain/grant.ts";
import type { ClientFrame } from "../protocol/frames.ts";

/** One subscriber of a stream. */
export interface Member {
  readonly socket: WebSocket;
  readonly connection: string;
  keyId: string;
  grant: Grant;
  /** When its token ends; null for an API key. */
  expiresAtMs: number | null;
  filter: Filter;
  /** What grant and filter together let through, and a text that is the same for the same. */
  visibility: Visibility;
  key: string;
  flow: Flow;
  /** In a group that gets every new event; before that it reads the log at its own pace. */
  isLive: boolean;
  /** It has been sent everything up to here. Of a live one the groups know. */
  position: number;
  /** The states come first, and make good for everything before them. */
  wantsSnapshot: boolean;
  /** Since when it has had to show that it takes anything in; null while it keeps up. */
  heldSinceMs: number | null;
  /** What a replay may have under way to it; grows while it says nothing. */
  allowedBytes: number;
  /** Of stations that were restated at that offset or after it is told when it goes live; null for none. */
  restatedFrom: number | null;
  /** What it has asked for of late. */
  asked: { readonly sinceMs: number; readonly count: number };
  /** Frames that came while its new token is looked at; null while none is. */
  unheard: ClientFrame[] | null;
  /** Grows when it begins anew, so that what is under way notices. */
  generation: number;
  /** When it last sent a frame; pings are answered by the platform, which knows of them. */
  lastFrameMs: number | null;
}

export interface MemberFacts {
  readonly connection: string;
  readonly keyId: string;
  readonly grant: Grant;
  readonly expiresAtMs: number | null;
  readonly filter: Filter;
  readonly acknowledges?: boolean;
}

export function newMember(socket: WebSocket, facts: MemberFacts): Member {
  return {
    socket,
    connection: facts.connection,
    ...permission(facts),
    flow: new Flow(facts.acknowledges),
    isLive: false,
    position: 0,
    wantsSnapshot: false,
    heldSinceMs: null,
    allowedBytes: 0,
    restatedFrom: null,
    asked: { sinceMs: 0, count: 0 },
    unheard: null,
    generation: 0,
    lastFrameMs: null,
  };
}

/** The part of a member that a new filter or token replaces. */
export function permission({
  keyId,
  grant,
  expiresAtMs,
  filter,
}: Pick<MemberFacts, "keyId" | "grant" | "expiresAtMs" | "filter">) {
  return {
    keyId,
    grant,
    expiresAtMs,
    filter,
    visibility: compileVisibility(grant, filter),
    key: visibilityKey(grant, filter),
  };
}

/** What a socket carries through hibernation. What is optional, older versions did not write. */
interface Attachment {
  readonly connection: string;
  readonly keyId: string;
  /** JSON, or null when it is too long for an attachment and stored apart. */
  readonly filter: string | null;
  readonly grant?: string | null;
  readonly expiresAtMs?: number | null;
  readonly acknowledges?: boolean;
  /** Where it was when it went live, or was last told its place by a frame of its own. */
  readonly position?: number;
  /** False while it is being brought up to date, which hibernation would cut short. */
  readonly live: boolean;
}

/** Of the 16 KiB that the platform keeps with a socket, what each of two texts gets: two bytes a character. */
const MAX_ATTACHED_CHARS = 3_500;

/** Keeps what sockets need to outlive the object's memory. */
export class MemberStore {
  readonly #kv: SyncKvStorage;

  constructor(ctx: DurableObjectState) {
    this.#kv = ctx.storage.kv;
  }

  save(member: Member): void {
    const { connection, keyId, expiresAtMs, flow, isLive } = member;
    const attachment: Attachment = {
      connection,
      keyId,
      filter: this.#place(filterName(connection), filterKey(member.filter)),
      grant: this.#place(grantName(connection), JSON.stringify(member.grant)),
      expiresAtMs,
      acknowledges: flow.acknowledges,
      position: member.position,
      live: isLive,
    };
    member.socket.serializeAttachment(attachment);
  }

  /** The member that a socket was before the object slept; null when it cannot be one again. */
  restore(socket: WebSocket): Member | null {
    // Written by `save` of this or an older version.
    const saved: Attachment | null = socket.deserializeAttachment();
    if (saved?.live !== true) return null;
    const { connection, keyId, expiresAtMs = null, acknowledges = false, position = 0 } = saved;
    const filter = saved.filter ?? this.#kv.get<string>(filterName(connection));
    const grant =
      saved.grant === undefined
        ? JSON.stringify(FULL_GRANT)
        : (saved.grant ?? this.#kv.get<string>(grantName(connection)));
    // Not known any more is not everything.
    if (filter === undefined || grant === undefined) return null;
    const facts = {
      connection,
      keyId,
      grant: JSON.parse(grant),
      expiresAtMs,
      filter: JSON.parse(filter),
      acknowledges,
    };
    return { ...newMember(socket, facts), position };
  }

  forget({ connection, filter, grant }: Member): void {
    if (filterKey(filter).length > MAX_ATTACHED_CHARS) this.#kv.delete(filterName(connection));
    if (JSON.stringify(grant).length > MAX_ATTACHED_CHARS) this.#kv.delete(grantName(connection));
  }

  /** Texts of sockets that went away without a word, with an instance that died. */
  sweep(connections: ReadonlySet<string>): void {
    for (const nameOf of [filterName, grantName]) {
      const prefix = nameOf("");
      for (const [name] of this.#kv.list({ prefix })) {
        if (!connections.has(name.slice(prefix.length))) this.#kv.delete(name);
      }
    }
  }

  #place(name: string, text: string): string | null {
    if (text.length <= MAX_ATTACHED_CHARS) return text;
    this.#kv.put(name, text);
    return null;
  }
}

const filterName = (connection: string) => `filter:${connection}`;
const grantName = (connection: string) => `grant:${connection}`;
