import type { Database } from "../store/database.ts";
import * as store from "../store/ticket-store.ts";

/** What came of presenting a ticket. `full`: too many are open to tell them all apart. */
export type TicketAnswer = "opened" | "used" | "full";

/** Tickets are signed and need no row until one is used: from then on it belongs to one stream. */
export class Tickets {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Opens a stream, once. */
  open(id: string, stream: string, expiresAtMs: number): TicketAnswer {
    if (store.readTicketStream(this.#db, id) !== null) return "used";
    store.deleteExpiredTickets(this.#db, Date.now());
    if (store.countTickets(this.#db) >= store.MAX_TICKETS) return "full";
    store.insertTicket(this.#db, id, stream, expiresAtMs);
    return "opened";
  }

  /** Whether it is this stream that the ticket has opened. */
  hasOpened(id: string, stream: string): boolean {
    return store.readTicketStream(this.#db, id) === stream;
  }
}
