import ReconnectingWebSocket from "partysocket/ws";

import type { WebSocketConstructor, WebSocketLike } from "./options.ts";

export interface Address {
  readonly url: string;
  readonly protocols: string[];
}

/** How the platform says that a connection ended. */
export interface SocketEnd {
  /** 1006 for an end without a close frame. */
  readonly code: number;
  readonly reason: string;
  /** In the words of the platform, which may have none. */
  readonly error: string | null;
}

export interface ConnectionHandlers {
  /** Asked before each attempt, which waits for the answer. Never rejects. */
  readonly prepare: () => Promise<Address>;
  readonly opened: () => void;
  readonly received: (text: string) => void;
  /** Once per attempt, and before the next `prepare`. */
  readonly ended: (end: SocketEnd) => void;
}

/**
 * Its `on…` handlers are called by itself and are all that is used here. Events are not dispatched
 * as well: on some platforms, workerd among them, that calls the same handlers a second time.
 */
class Sockets extends ReconnectingWebSocket {
  override dispatchEvent(): boolean {
    return true;
  }
}

/**
 * One socket after the other, until closed, as ReconnectingWebSocket makes them: it sees to it
 * that only the latest is heard. Its own waits cannot be cut short, so they are none; whoever
 * prepares an attempt decides when it begins.
 */
export class Connection {
  readonly #sockets: Sockets;
  readonly #handlers: ConnectionHandlers;
  #current: WebSocketLike | null = null;
  #end: SocketEnd | null = null;
  #isClosed = false;

  constructor(
    WebSocketClass: WebSocketConstructor,
    connectMs: number,
    handlers: ConnectionHandlers,
  ) {
    this.#handlers = handlers;
    const note = (socket: WebSocketLike) => {
      this.#current = socket;
      return socket;
    };
    // Called with `new`, which takes the object that is returned.
    function open(url: string, protocols: string[]): WebSocketLike {
      return note(new WebSocketClass(url, protocols));
    }
    let address: Promise<Address> = Promise.resolve({ url: "", protocols: [] });
    // Asked for the one and then for the other, in the same turn.
    const urlOf = async () => {
      address = handlers.prepare();
      return (await address).url;
    };
    const protocolsOf = async () => (await address).protocols;
    this.#sockets = new Sockets(urlOf, protocolsOf, {
      WebSocket: open,
      minReconnectionDelay: 0,
      maxReconnectionDelay: 0,
      minUptime: 0,
      connectionTimeout: connectMs,
      // What could not be sent belongs to the connection that it was meant for.
      maxEnqueuedMessages: 0,
    });
    this.#sockets.onopen = () => handlers.opened();
    this.#sockets.onmessage = ({ data }) => {
      if (typeof data === "string") handlers.received(data);
    };
    this.#sockets.onclose = ({ code, reason }) => this.#note({ code, reason, error: null });
    this.#sockets.onerror = ({ message }) => {
      // An error closes the socket with a code of our own, which says nothing.
      this.#note({ code: 1006, reason: "", error: message || "no connection" });
    };
  }

  get isOpen(): boolean {
    return this.#sockets.readyState === Sockets.OPEN;
  }

  send(text: string): void {
    if (this.isOpen) this.#sockets.send(text);
  }

  /** Gives up the present socket, if there is one, and makes another. */
  cut(): void {
    if (this.#isClosed) return;
    const socket = this.#current;
    this.#sockets.reconnect();
    // A closing handshake with nobody would keep the `ws` package busy for half a minute.
    if (socket !== null && "terminate" in socket && typeof socket.terminate === "function") {
      socket.terminate();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#sockets.close(1000);
  }

  /** A close may come with an error, in either order and in one turn: both make one end. */
  #note(end: SocketEnd): void {
    if (this.#end === null) {
      queueMicrotask(() => {
        const noted = this.#end;
        this.#end = null;
        if (noted !== null && !this.#isClosed) this.#handlers.ended(noted);
      });
    }
    if (this.#end === null || end.error !== null) this.#end = end;
  }
}

export function platformWebSocket(): WebSocketConstructor {
  if (typeof WebSocket === "undefined") {
    throw new TypeError("There is no global WebSocket here: give connect() one as `WebSocket`.");
  }
  return WebSocket;
}
