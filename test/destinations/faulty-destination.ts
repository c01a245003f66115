import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { findFreePort } from "../../cli/relay/free-port.ts";
import { Ledger } from "../../cli/relay/ledger.ts";
import { portOf } from "../../cli/relay/listening.ts";
import { selfSigned } from "./certificate.ts";
import type { Fault } from "./faults.ts";
import { type FullPort, openFullPort } from "./full-port.ts";
import { onRequests, type RawRequest } from "./raw-requests.ts";

const WELL = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const FLAP_MS = 400;
/** Of the relay's own events: what it tells of one route it sends to the others. */
const NOTICE = /^relay\./;

/** A destination that misbehaves until it is healed, and the account of what it has taken. */
export class FaultyDestination {
  readonly fault: Fault;
  readonly ledger: Ledger;
  /** When each event was taken, by id. */
  readonly takenAtMs = new Map<string, number>();
  /** The one that meets the fault, where only one does. */
  oneStation: string | null = null;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #noticeIds = new Set<string>();
  readonly #closing: (() => unknown)[] = [];
  #full: FullPort | null = null;
  #port = 0;
  #isWell = false;
  #flapping: ReturnType<typeof setInterval> | undefined;

  private constructor(fault: Fault) {
    this.fault = fault;
    this.ledger = new Ledger(fault.name, "route");
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /** Resolves to the destination and the URL that a route to it begins with. */
  static async open(fault: Fault): Promise<{ destination: FaultyDestination; url: string }> {
    const destination = new FaultyDestination(fault);
    destination.#port = await findFreePort();
    if (fault.place !== "closed") await destination.#listen();
    if (fault.isFlapping === true) destination.#flap();
    return { destination, url: await destination.#firstUrl() };
  }

  /** From now on it is well, at this URL. */
  async heal(): Promise<string> {
    clearInterval(this.#flapping);
    this.#isWell = true;
    if (!this.#server.listening) await this.#listen();
    this.#full?.release();
    return this.#full === null ? this.#url : this.#urlOf(this.#full.port);
  }

  async close(): Promise<void> {
    clearInterval(this.#flapping);
    for (const socket of this.#sockets) socket.destroy();
    for (const close of this.#closing) await close();
    this.#server.close();
  }

  get #url(): string {
    return this.#urlOf(this.#port);
  }

  #urlOf(port: number): string {
    return `http://127.0.0.1:${port}/hook`;
  }

  async #listen(): Promise<void> {
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  async #firstUrl(): Promise<string> {
    const { place, tls } = this.fault;
    if (place === "unknown_name") return "http://nowhere.invalid/hook";
    if (place === "full") {
      const full = await openFullPort(this.#port);
      this.#full = full;
      this.#closing.push(full.close);
      return this.#urlOf(full.port);
    }
    if (tls === undefined) return this.#url;
    if (tls === "plain") return this.#url.replace("http:", "https:");
    const server = createTlsServer(tls === "self_signed" ? selfSigned() : {}, (socket) =>
      this.#serve(socket),
    );
    server.on("connection", (socket) => this.#keep(socket));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    this.#closing.push(() => server.close());
    return `https://127.0.0.1:${portOf(server)}/hook`;
  }

  /** Well for a while, and for a while not. */
  #flap(): void {
    this.#flapping = setInterval(() => {
      this.#isWell = !this.#isWell;
      if (!this.#isWell) for (const socket of this.#sockets) socket.resetAndDestroy();
    }, FLAP_MS);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
  }

  #serve(socket: Socket): void {
    this.#keep(socket);
    const { connected } = this.fault;
    if (!this.#isWell && connected !== undefined) connected(socket);
    else onRequests(socket, (request) => this.#answer(socket, request));
  }

  #answer(socket: Socket, request: RawRequest): void {
    const { requested, reason } = this.fault;
    const isFaulty = !this.#isWell && requested !== undefined && this.#meetsFault(request);
    this.#note(request, !isFaulty || reason === 200);
    if (isFaulty) requested(socket);
    else socket.write(WELL);
  }

  #meetsFault({ headers }: RawRequest): boolean {
    if (this.fault.isOfOneStation !== true) return true;
    const station = headers["chargewire-station"] ?? "";
    this.oneStation ??= station;
    return this.oneStation === station;
  }

  #note({ headers, body }: RawRequest, isTaken: boolean): void {
    const id = headers["webhook-id"] ?? "";
    const place = {
      station: headers["chargewire-station"] ?? "",
      seq: Number(headers["chargewire-seq"]),
    };
    const prev = headers["chargewire-prev-seq"];
    const prevSeq = prev === undefined ? null : Number(prev);
    if (headers["chargewire-gap"] !== undefined) this.ledger.announceGap(place.station);
    if (NOTICE.test(headers["chargewire-type"] ?? "")) {
      if (!this.#noticeIds.has(id)) this.ledger.pass(place, prevSeq);
      this.#noticeIds.add(id);
      return;
    }
    const sha256 = createHash("sha256").update(body).digest("hex");
    this.ledger.receive({ id, ...place, sha256 }, prevSeq, isTaken);
    if (isTaken && !this.takenAtMs.has(id)) this.takenAtMs.set(id, Date.now());
  }
}
