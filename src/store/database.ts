/** The slice of DurableObjectStorage the stores need. Tests pass the real thing. */
export type SqlHost = Pick<DurableObjectStorage, "sql" | "transactionSync">;

type Value = ArrayBuffer | string | number | null;
type Row = Record<string, SqlStorageValue>;

/** One object's SQLite in a few verbs. SQL text appears in src/store and nowhere else. */
export class Database {
  readonly #host: SqlHost;
  /** Rows written since this object woke, as the platform bills them. */
  rowsWritten = 0;

  constructor(host: SqlHost) {
    this.#host = host;
  }

  run(query: string, ...bindings: Value[]): void {
    this.rowsWritten += this.#host.sql.exec(query, ...bindings).rowsWritten;
  }

  all<R extends Row>(query: string, ...bindings: Value[]): R[] {
    return this.#host.sql.exec<R>(query, ...bindings).toArray();
  }

  /** Rows one by one, until `take` says that it has enough. */
  scan<R extends Row>(take: (row: R) => boolean, query: string, ...bindings: Value[]): void {
    for (const row of this.#host.sql.exec<R>(query, ...bindings)) if (!take(row)) return;
  }

  first<R extends Row>(query: string, ...bindings: Value[]): R | null {
    return this.all<R>(query, ...bindings)[0] ?? null;
  }

  /** All of it or none of it. The closure must not await: there is nothing to wait for. */
  transaction<T>(closure: () => T): T {
    return this.#host.transactionSync(closure);
  }
}
