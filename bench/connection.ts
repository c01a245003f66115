import { connect, type Socket } from "node:net";

export interface Answer {
  readonly status: number;
  readonly retryAfterSeconds: number | null;
}

/** A connection that stays open as long as the server lets it, with one request under way at most. */
export class Connection {
  readonly #port: number;
  #socket: Socket;
  #text = "";
  #isUsed = false;
  #isClosed = false;
  #onAnswer: ((answer: Answer) => void) | null = null;
  #onFailure: ((error: Error) => void) | null = null;

  constructor(port: number) {
    this.#port = port;
    this.#socket = this.#open();
  }

  /**
   * Rejects when the connection breaks before there is an answer. One that was idle may have been
   * closed in the very moment: the request is sent again, once, on a new one.
   */
  async exchange(request: Uint8Array): Promise<Answer> {
    const wasIdle = this.#isUsed && !this.#socket.destroyed && this.#socket.writable;
    try {
      return await this.#exchangeOnce(request);
    } catch (error) {
      if (!wasIdle || this.#isClosed) throw error;
      return this.#exchangeOnce(request);
    }
  }

  /** What is under way fails. */
  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
  }

  #exchangeOnce(request: Uint8Array): Promise<Answer> {
    // The server closes connections that nothing was sent on for seconds.
    if (this.#socket.destroyed || !this.#socket.writable) this.#socket = this.#open();
    this.#isClosed = false;
    this.#isUsed = true;
    return new Promise((resolve, reject) => {
      this.#onFailure = reject;
      this.#onAnswer = resolve;
      this.#socket.write(request);
    });
  }

  #open(): Socket {
    this.#text = "";
    const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    socket.setEncoding("latin1");
    socket.on("data", (data) => this.#read(String(data)));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => {
      if (socket === this.#socket) this.#fail(new Error("the connection was closed"));
    });
    return socket;
  }

  #read(data: string): void {
    this.#text += data;
    const headEnd = this.#text.indexOf("\r\n\r\n");
    if (headEnd < 0) return;
    const length = /\r\ncontent-length: (\d+)/i.exec(this.#text)?.[1];
    const isComplete =
      length === undefined
        ? this.#text.endsWith("0\r\n\r\n")
        : this.#text.length >= headEnd + 4 + Number(length);
    if (!isComplete) return;
    const retryAfter = /\r\nretry-after: (\d+)\r\n/i.exec(this.#text.slice(0, headEnd + 2))?.[1];
    const onAnswer = this.#onAnswer;
    const answer = {
      status: Number(this.#text.slice(9, 12)),
      retryAfterSeconds: retryAfter === undefined ? null : Number(retryAfter),
    };
    this.#text = "";
    this.#onAnswer = null;
    this.#onFailure = null;
    onAnswer?.(answer);
  }

  #fail(error: Error): void {
    const onFailure = this.#onFailure;
    this.#onAnswer = null;
    this.#onFailure = null;
    onFailure?.(error);
  }
}
