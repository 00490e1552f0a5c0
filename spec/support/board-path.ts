/** A gateway that keeps sending 1808 bytes to a board, over a lossy path, on simulated time; all of it repeats for one seed. */
import { DatagramConnection } from "../../lib/core/datagram/datagram-connection.js";
import { DatagramGatewayHandshake } from "../../lib/core/handshake/datagram-gateway.js";
import { SeededRandom } from "../../lib/transport/random.js";
import { BoardReceiver } from "./board-receiver.js";
import { crypto } from "./core-crypto.js";
import { DECOY_PSK, PSK } from "./core-pair.js";

export interface BoardPath {
  readonly loss: number;
  readonly roundTripMs: number;
  readonly seed: number;
  /** Of each message. Default 1808. */
  readonly bytes?: number;
}

export interface BoardOutcome {
  /** Sessions that the board, or the gateway, gave up. */
  readonly deaths: number;
  readonly messages: number;
}

const DURATION_MS = 20_000;
const MESSAGE_EVERY_MS = 500;
const KEEPALIVE = { pingAfterTxIdleMs: 0, pingAfterRxIdleMs: 30_000, pongTimeoutMs: 0, idleTimeoutMs: 60_000 };

interface Flight {
  readonly at: number;
  readonly datagram: Uint8Array;
  readonly toBoard: boolean;
}

/** One session after the other for 20 s: the board comes back as soon as one has died. */
export function talkToBoard(path: BoardPath): BoardOutcome {
  const random = new SeededRandom(path.seed);
  let [now, deaths, messages] = [0, 0, 0];
  while (now < DURATION_MS) {
    const session = new BoardTalk(path, random, now);
    now = session.run(DURATION_MS);
    messages += session.board.received;
    if (now < DURATION_MS) deaths++;
  }
  return { deaths, messages };
}

class BoardTalk {
  readonly board: BoardReceiver;
  readonly #path: BoardPath;
  readonly #random: SeededRandom;
  readonly #gateway: DatagramConnection;
  readonly #message: Uint8Array;
  #flights: Flight[] = [];
  #now: number;
  #established = false;
  #messageAt = Infinity;
  #over = false;

  constructor(path: BoardPath, random: SeededRandom, now: number) {
    this.#path = path;
    this.#random = random;
    this.#now = now;
    this.#message = new Uint8Array(path.bytes ?? 1808);
    const handshake = new DatagramGatewayHandshake({ crypto, decoyPsk: DECOY_PSK });
    const common = { crypto, cipher: "aes-256-gcm", keepalive: KEEPALIVE, handshakeTimeoutMs: 15_000 } as const;
    this.#gateway = new DatagramConnection({ role: "gateway", handshake, ...common }, now);
    this.board = new BoardReceiver(crypto, now, (datagram) => this.#carry(datagram, false));
  }

  /** Until the session dies, or that time; when that was. */
  run(until: number): number {
    while (!this.#over && this.board.died === null) {
      const arrival = this.#flights.reduce((least, { at }) => Math.min(least, at), Infinity);
      const next = Math.min(arrival, this.#gateway.nextDeadline(), this.board.nextDeadline(), this.#messageAt);
      if (next >= until) return until;
      this.#now = Math.max(this.#now, next);
      this.#step();
    }
    return this.#now;
  }

  #step(): void {
    const now = this.#now;
    const due = this.#flights.filter(({ at }) => at <= now);
    this.#flights = this.#flights.filter(({ at }) => at > now);
    for (const { datagram, toBoard } of due) {
      if (toBoard) this.board.deliver(datagram, now);
      else this.#gateway.receive(datagram, now);
      this.#settle();
    }
    this.board.handleDeadline(now);
    this.#gateway.handleDeadline(now);
    if (now >= this.#messageAt) {
      this.#messageAt = now + MESSAGE_EVERY_MS;
      if (this.#gateway.unsentBytes() === 0) this.#gateway.send(this.#message, now);
    }
    this.#settle();
  }

  #settle(): void {
    for (const event of this.#gateway.takeEvents()) {
      if (event.type === "hello") this.#gateway.providePsk(PSK, this.#now);
      if (event.type === "closed") this.#over = true;
      if (event.type !== "established") continue;
      this.#established = true;
      this.#messageAt = this.#now;
    }
    for (const datagram of this.#gateway.takeOutput()) this.#carry(datagram, true);
    if (!this.#over) this.#gateway.prepare();
  }

  /** The handshake is spared: it is repeated by rules of its own. */
  #carry(datagram: Uint8Array, toBoard: boolean): void {
    if (this.#established && this.board.isEstablished && this.#random.chance(this.#path.loss)) return;
    this.#flights.push({ at: this.#now + this.#path.roundTripMs / 2, datagram: Uint8Array.from(datagram), toBoard });
  }
}
