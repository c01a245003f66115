import type { Database } from "./database.ts";

/** Opened tickets of a tenant that are kept at a time. */
export const MAX_TICKETS = 20_000;
const DELETED_AT_ONCE = 100;

/** The stream that a ticket has opened; null when it has opened none. */
export function readTicketStream(db: Database, id: string): string | null {
  return (
    db.first<{ stream: string }>("SELECT stream FROM tickets WHERE id = ?", id)?.stream ?? null
  );
}

export function countTickets(db: Database): number {
  return db.first<{ count: number }>("SELECT COUNT(*) AS count FROM tickets")?.count ?? 0;
}

export interface TicketRow {
  readonly id: string;
  readonly stream: string;
  readonly openedAtMs: number;
  readonly expiresAtMs: number;
}

export function insertTicket(db: Database, ticket: TicketRow): void {
  db.run(
    "INSERT INTO tickets (id, stream, opened_at_ms, expires_at_ms) VALUES (?, ?, ?, ?)",
    ticket.id,
    ticket.stream,
    ticket.openedAtMs,
    ticket.expiresAtMs,
  );
}

/** Those that can be used no more, some at a time. */
export function deleteExpiredTickets(db: Database, nowMs: number): void {
  db.run(
    "DELETE FROM tickets WHERE id IN (SELECT id FROM tickets WHERE expires_at_ms <= ? LIMIT ?)",
    nowMs,
    DELETED_AT_ONCE,
  );
}

/** The oldest, some at a time, of those opened at that time or before. */
export function deleteOldestTickets(db: Database, openedUntilMs: number): void {
  db.run(
    `DELETE FROM tickets WHERE id IN
       (SELECT id FROM tickets WHERE opened_at_ms <= ? ORDER BY opened_at_ms LIMIT ?)`,
    openedUntilMs,
    DELETED_AT_ONCE,
  );
}
