import { cpus } from "node:os";

/**
 * What is sent to one peer more often than this goes to and fro between two ends that are close: on one machine the slowest step of
 * a handshake takes less.
 */
const FAST_MS = 0.5;

/** So many fast ones in a row to one peer are an exchange, not a coincidence. */
const EXCHANGE_AFTER = 8;

/** Polling that lasted for fewer and kept somebody else from the core, perhaps the very peer: twice as many are wanted then. */
const WORTHWHILE = 16;
const MOST_WANTED = 8_192;

/** So many turns of the event loop take longer than a fast answer, unless somebody holds the clock. */
const MOST_TURNS = 4_000;

/**
 * Keeps the event loop awake during a fast exchange with one peer, in which each waits for the other: falling asleep and being
 * woken can take longer than the answer (on loopback two thirds of a round trip).
 *
 * It costs the CPU time of the waits of that exchange, and of at most 0.5 ms after it. A radio, many peers at once and occasional
 * messages are never so fast: they cost nothing. It counts what is sent in answer: forgeries, which are not answered, keep nobody awake.
 * Copies of datagrams that a peer sent before are answered, and do while they come so fast; the event loop has as little sleep from
 * reading them. On a machine with a single core nobody polls: the peer may need it.
 */
export class BusyPoll {
  #peer: string | number = "";
  #lastAt = -Infinity;
  #fastOnes = 0;
  #wanted = EXCHANGE_AFTER;
  readonly #coresOf: () => number;
  #polling = false;
  /** When the polling began. */
  #preemptions = 0;
  /** Of the event loop, since the last one was sent. */
  #turns = 0;

  /** @param coresOf the machine; asked before anything is polled */
  constructor(coresOf = coresOfMachine) {
    this.#coresOf = coresOf;
  }

  /** Something is sent to `peer` (what tells it apart) that may be an answer, and may be answered. */
  sent(peer: string | number): void {
    const now = performance.now();
    const isFast = now - this.#lastAt < FAST_MS && peer === this.#peer;
    this.#fastOnes = isFast ? this.#fastOnes + 1 : 0;
    this.#lastAt = now;
    this.#peer = peer;
    this.#turns = 0;
    if (this.#fastOnes < this.#wanted || this.#polling) return;
    if (this.#coresOf() < 2) return;
    this.#polling = true;
    this.#preemptions = preemptions();
    setImmediate(this.#poll);
  }

  /** While an immediate is due the event loop looks at its sockets without waiting. */
  readonly #poll = (): void => {
    if (performance.now() - this.#lastAt < FAST_MS && this.#turns++ < MOST_TURNS) {
      setImmediate(this.#poll);
      return;
    }
    this.#polling = false;
    const wasWorthwhile = this.#fastOnes >= this.#wanted + WORTHWHILE || preemptions() === this.#preemptions;
    this.#wanted = wasWorthwhile ? EXCHANGE_AFTER : Math.min(2 * this.#wanted, MOST_WANTED);
  };
}

let cores: number | undefined;

/** Not asked at the start of a program: the system reads it from a file. */
function coresOfMachine(): number {
  return (cores ??= cpus().length);
}

/** How often the system took the core from this process because somebody else wanted it; NaN where it does not count that. */
function preemptions(): number {
  return process.platform === "win32" ? NaN : process.resourceUsage().involuntaryContextSwitches;
}
