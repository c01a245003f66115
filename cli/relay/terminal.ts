import { styleText } from "node:util";

type Style = "dim" | "red" | "green" | "yellow" | "cyan" | "bold";
export type Paint = (style: Style, text: string) => string;

const CLEAR_LINE = "\r\x1b[2K";

/** Lines that scroll, and on a terminal one status line that stays below them. */
export class Terminal {
  readonly isInteractive = process.stdout.isTTY === true;
  readonly #isColoured = this.isInteractive && !process.env.NO_COLOR;
  #status = "";

  readonly paint: Paint = (style, text) =>
    this.#isColoured ? styleText(style, text, { validateStream: false }) : text;

  /** Lines without colours longer than this wrap. */
  get columns(): number {
    return process.stdout.columns ?? 160;
  }

  print(lines: readonly string[]): void {
    if (lines.length === 0) return;
    const text = `${lines.join("\n")}\n`;
    process.stdout.write(this.isInteractive ? CLEAR_LINE + text + this.#status : text);
  }

  /** Redrawn in place on a terminal, a line like any other elsewhere. */
  showStatus(text: string): void {
    if (!this.isInteractive) {
      process.stdout.write(`${text}\n`);
      return;
    }
    this.#status = this.paint("dim", text.slice(0, this.columns - 1));
    process.stdout.write(CLEAR_LINE + this.#status);
  }

  /** The status line stays where it is, and what follows begins below it. */
  close(): void {
    if (this.#status !== "") process.stdout.write("\n");
    this.#status = "";
  }
}
