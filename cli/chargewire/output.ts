import { type Paint, Terminal } from "../relay/terminal.ts";

/** A row of cells; each is text, or nothing to show. */
export type Row = readonly (string | number | null | undefined)[];

/**
 * What a command has to say. Its result goes to standard output, as text for people or with
 * `--json` as JSON for programs; what is said on the way goes to standard error.
 */
export class Output {
  readonly isJson: boolean;
  readonly paint: Paint;
  readonly #terminal = new Terminal();

  constructor(isJson: boolean) {
    this.isJson = isJson;
    this.paint = isJson ? (_style, text) => text : this.#terminal.paint;
  }

  /** The whole result of a command: `value` as one JSON text, or what `text` makes of it. */
  result<T>(value: T, text: (value: T) => string | readonly string[]): void {
    if (this.isJson) this.#write(JSON.stringify(value, null, 2));
    else this.#write([text(value)].flat().join("\n"));
  }

  /** One of many: a line of JSON, or a line of text. */
  item<T>(value: T, line: (value: T) => string): void {
    this.#write(this.isJson ? JSON.stringify(value) : line(value));
  }

  /** On the way, for whoever watches. With `--json` too: it is not part of the result. */
  note(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  #write(text: string): void {
    if (text !== "") process.stdout.write(`${text}\n`);
  }
}

/** Foreign text without what a terminal would take for a command. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, " ");
}

/** Columns as wide as their widest cell; `paint` colours a padded cell by its content. */
export function table(
  head: readonly string[],
  rows: readonly Row[],
  paint: (text: string, column: number) => string = (text) => text,
): string[] {
  if (rows.length === 0) return [];
  const cells = rows.map((row) => row.map((cell) => printable(String(cell ?? "-"))));
  const widths = head.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[], style: typeof paint) =>
    row
      .map((cell, column) => {
        const isLast = column === row.length - 1;
        return style(isLast ? cell : cell.padEnd(widths[column] ?? 0), column);
      })
      .join("  ");
  return [line(head, (text) => text), ...cells.map((row) => line(row, paint))];
}

/** A name and its value in each line, values below each other. */
export function fields(pairs: readonly (readonly [name: string, value: unknown])[]): string[] {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${printable(textOf(value))}`);
}

function textOf(value: unknown): string {
  if (value === null || value === undefined || value === "") return "-";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** How long ago, in the largest unit that says something: `3 min ago`. */
export function ago(iso: string | null, nowMs: number): string {
  if (iso === null) return "never";
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(iso)) / 1000));
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h ago`;
  return `${Math.round(seconds / 86_400)} d ago`;
}
