import type { Socket } from "node:net";

import { BusyPoll } from "./busy-poll.js";
import { plainAddress } from "./place.js";
import { linkFailure } from "./system-errors.js";
import type { Link, LinkHandlers } from "./transport.js";

/** One for all links: they share the event loop that it keeps awake. */
const sharedPoll = new BusyPoll();

/**
 * Of so many first answers of a link all but the very first count for its address, so that connections in a row are one exchange.
 * Later ones count for the link alone: many devices may sit behind one address.
 */
const OPENING_ANSWERS = 3;

/** From one to the next lies a whole handshake, at a gateway, with a key pair and an exchange at each end. */
const FAST_OPENING_MS = 3;

/** How many links there have been: the poll tells them apart by number, and so keeps none that is gone. */
let links = 0;

/**
 * A link over an open socket with `allowHalfOpen`, which has not begun to read (`pauseOnConnect`, or paused before it
 * connected): until `attach` the kernel holds what comes in.
 *
 * The chunks delivered are Node's own; Node does not use their memory again.
 */
export class TcpLink implements Link {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly #socket: Socket;
  /** Null once the process may end: a peer that sends without pause must not keep it alive. */
  #busyPoll: BusyPoll | null;
  #handlers: LinkHandlers | undefined;
  #paused = false;
  /** Something came, if only the connection, to which what is sent next is an answer: a mere stream waits for nobody. */
  #heard = true;
  #answers = 0;
  readonly #number = ++links;
  #failure: unknown;

  constructor(socket: Socket, remoteAddress: string, remotePort: number, busyPoll = sharedPoll) {
    this.#socket = socket;
    this.#busyPoll = busyPoll;
    this.remoteAddress = plainAddress(remoteAddress);
    this.remotePort = remotePort;
    socket.on("error", this.#onError);
    socket.on("close", this.#onClose);
  }

  attach(handlers: LinkHandlers): void {
    this.#handlers = handlers;
    if (this.#socket.closed) {
      setImmediate(this.#onClose);
      return;
    }
    this.#socket.on("data", this.#onData);
    this.#socket.on("end", this.#onEnd);
    if (!this.#paused) this.#socket.resume();
  }

  send(bytes: Uint8Array, onFlushed: () => void): void {
    if (!this.#socket.writable) return;
    if (this.#heard) this.#poll();
    this.#heard = false;
    this.#socket.write(bytes, (error) => {
      // Node reports a write that was under way as done even after destroy().
      if (!error && !this.#socket.destroyed) onFlushed();
    });
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#handlers !== undefined) this.#socket.resume();
  }

  end(): void {
    if (this.#socket.writable) this.#socket.end();
  }

  destroy(): void {
    // A destroyed stream still hands out what it had buffered.
    this.#socket.off("data", this.#onData);
    this.#socket.off("end", this.#onEnd);
    this.#socket.destroy();
  }

  unref(): void {
    this.#busyPoll = null;
    this.#socket.unref();
  }

  #poll(): void {
    const answer = this.#answers++;
    // A gateway's first answer is a CHALLENGE, which anybody gets.
    if (answer === 0) return;
    if (answer < OPENING_ANSWERS) this.#busyPoll?.sent(this.remoteAddress, FAST_OPENING_MS);
    else this.#busyPoll?.sent(this.#number);
  }

  readonly #onData = (chunk: Uint8Array): void => {
    this.#heard = true;
    this.#handlers?.onBytes(chunk);
  };

  readonly #onEnd = (): void => this.#handlers?.onEnd();

  readonly #onError = (error: Error): void => {
    this.#failure = error;
  };

  /** Node emits "close" once, after any "error". Without handlers yet, `attach` comes back to it. */
  readonly #onClose = (): void => {
    if (this.#handlers === undefined) return;
    this.#socket.removeListener("data", this.#onData);
    this.#socket.removeListener("end", this.#onEnd);
    this.#socket.removeListener("close", this.#onClose);
    this.#socket.removeListener("error", this.#onError);
    if (this.#failure === undefined) this.#handlers.onClose();
    else this.#handlers.onClose(linkFailure(this.#failure, this.remoteAddress, this.remotePort));
  };
}
