/** Datagrams to one peer that follow each other faster than this go to and fro between two ends that are close. */
const FAST_MS = 0.2;

/** So many fast ones in a row to one peer are an exchange, not a coincidence. */
const EXCHANGE_AFTER = 8;

/** Polling that lasted for fewer has kept somebody else from the core, perhaps the very peer: twice as many are wanted then. */
const WORTHWHILE = 16;
const MOST_WANTED = 8_192;

/** So many turns of the event loop take far longer than 0.2 ms, unless somebody holds the clock. */
const MOST_TURNS = 1_000;

/**
 * Keeps the event loop awake during a fast exchange with one peer: over datagrams every frame waits for its acknowledgement, and
 * falling asleep and being woken can take longer than the answer (on loopback four fifths of a round trip).
 *
 * It costs the CPU time of the waits of that exchange, and of at most 0.2 ms after its last datagram. A radio, many peers at once
 * and occasional messages are never so fast: they cost nothing. It counts what is sent: forgeries, which are not answered, keep
 * nobody awake. Copies of what a peer sent before are answered, and do while they come so fast; the event loop has as little sleep
 * from reading them.
 */
export class BusyPoll {
  readonly #fastMs: number;
  #peer: unknown;
  #lastAt = -Infinity;
  #fastOnes = 0;
  #wanted = EXCHANGE_AFTER;
  #polling = false;
  #preemptions = 0;
  /** Of the event loop, since the last datagram. */
  #turns = 0;

  constructor(fastMs = FAST_MS) {
    this.#fastMs = fastMs;
  }

  /** A session sends a datagram to this port. */
  sent(peer: unknown): void {
    const now = performance.now();
    const isFast = now - this.#lastAt < this.#fastMs && peer === this.#peer;
    this.#fastOnes = isFast ? this.#fastOnes + 1 : 0;
    this.#lastAt = now;
    this.#peer = peer;
    this.#turns = 0;
    if (this.#fastOnes < this.#wanted || this.#polling) return;
    this.#polling = true;
    this.#preemptions = preemptions();
    setImmediate(this.#poll);
  }

  /** While an immediate is due the event loop looks for datagrams without waiting. */
  readonly #poll = (): void => {
    if (performance.now() - this.#lastAt < this.#fastMs && this.#turns++ < MOST_TURNS) {
      setImmediate(this.#poll);
      return;
    }
    this.#polling = false;
    const wasWorthwhile = this.#fastOnes >= this.#wanted + WORTHWHILE || preemptions() === this.#preemptions;
    this.#wanted = wasWorthwhile ? EXCHANGE_AFTER : Math.min(2 * this.#wanted, MOST_WANTED);
  };
}

function preemptions(): number {
  return process.resourceUsage().involuntaryContextSwitches;
}
