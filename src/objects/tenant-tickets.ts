import { TICKET_OPENS_MS } from "../domain/subscriber-token.ts";
import type { Database } from "../store/database.ts";
import * as store from "../store/ticket-store.ts";

/** What came of presenting a ticket. `full`: too many were opened just now to tell them all apart. */
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
    const openedAtMs = Date.now();
    store.deleteExpiredTickets(this.#db, openedAtMs);
    if (store.countTickets(this.#db) >= store.MAX_TICKETS) {
      // They could open nothing any more without their rows, and can only not be continued.
      store.deleteOldestTickets(this.#db, openedAtMs - TICKET_OPENS_MS);
      if (store.countTickets(this.#db) >= store.MAX_TICKETS) return "full";
    }
    store.insertTicket(this.#db, { id, stream, openedAtMs, expiresAtMs });
    return "opened";
  }

  /** Whether it is this stream that the ticket has opened. */
  hasOpened(id: string, stream: string): boolean {
    return store.readTicketStream(this.#db, id) === stream;
  }
}
