import { availableParallelism } from "node:os";

/** What is sent to one peer more often than this goes to and fro between two ends that are close. */
const FAST_MS = 0.5;

/** So many fast ones in a row to one peer are an exchange, not a coincidence. */
const EXCHANGE_AFTER = 8;

/** A stall of no more than this, which any machine has now and then, does not end an exchange: it costs two of the fast ones. */
const STALL_MS = 8;
const STALL_COSTS = 2;

/** So many answers tell whether the polling keeps somebody else from the core, perhaps the very peer. */
const JUDGED_AFTER = 64;
/** Where it did, twice as many fast ones are wanted for the next time. */
const MOST_WANTED = 8_192;

/**
 * An answer that comes only once nobody polls for it any more: one in so many is a stall's, more tell that the peer needs this core. The
 * system need not say so: it may leave the core to the one that has it until that sleeps.
 */
const OVERDUE_COSTS = 16;
const MOST_OVERDUE = 64;

/** So many turns of the event loop take longer than a fast answer, unless somebody holds the clock. */
const MOST_TURNS = 8_000;

/**
 * Keeps the event loop awake during a fast exchange with one peer, in which each waits for the other: falling asleep and being
 * woken can take longer than the answer (on loopback two thirds of a round trip).
 *
 * It costs the CPU time of the waits of that exchange, and of a short while after it. A radio, many peers at once and occasional
 * messages are never so fast: they cost nothing. It counts what is sent in answer: forgeries, which are not answered, keep nobody awake.
 * Copies of datagrams that a peer sent before are answered, and do while they come so fast; the event loop has as little sleep from
 * reading them. Where this process has but a single core it never polls: the peer may need it.
 */
export class BusyPoll {
  #peer: string | number = "";
  #lastAt = -Infinity;
  /** What counted as fast for the last one. */
  #fastMs = FAST_MS;
  #fastOnes = 0;
  #wanted = EXCHANGE_AFTER;
  readonly #coresOf: () => number;
  #polling = false;
  /** Answers since the polling began, or was judged, and how often the core had been taken before. */
  #polledOnes = 0;
  #preemptions = 0;
  /** It polled for an answer that did not come in time. */
  #ranOut = false;
  /** Grows with every answer that was overdue, and shrinks with those that came in time. */
  #overdue = 0;
  /** Of the event loop, since the last one was sent. */
  #turns = 0;

  /** @param coresOf this process; asked before anything is polled */
  constructor(coresOf = ownCores) {
    this.#coresOf = coresOf;
  }

  /**
   * Something is sent to `peer` (what tells it apart) that may be an answer, and may be answered. `fastMs` is how soon after the
   * last one it is fast, and for how long its answer is polled for.
   */
  sent(peer: string | number, fastMs = FAST_MS): void {
    const now = performance.now();
    const gapMs = now - this.#lastAt;
    if (peer !== this.#peer || gapMs > STALL_MS) this.#fastOnes = 0;
    else {
      if (gapMs < fastMs) this.#fastOnes++;
      else this.#fastOnes = Math.max(Math.min(this.#fastOnes, this.#wanted) - STALL_COSTS, 0);
      this.#weigh();
    }
    this.#ranOut = false;
    this.#fastMs = fastMs;
    this.#lastAt = now;
    this.#peer = peer;
    this.#turns = 0;
    if (this.#polling) {
      if (++this.#polledOnes >= JUDGED_AFTER) this.#judge();
    } else if (this.#fastOnes >= this.#wanted && this.#coresOf() > 1) {
      this.#polling = true;
      this.#count();
      setImmediate(this.#poll);
    }
  }

  /** While an immediate is due the event loop looks at its sockets without waiting. */
  readonly #poll = (): void => {
    // None is left where another peer was sent something, or where it was in vain.
    if (this.#fastOnes > 0 && performance.now() - this.#lastAt < this.#fastMs && this.#turns++ < MOST_TURNS) {
      setImmediate(this.#poll);
      return;
    }
    this.#polling = false;
    this.#ranOut = this.#fastOnes > 0;
    if (this.#wasInVain()) this.#wantMore();
    else if (this.#polledOnes >= this.#wanted) this.#wanted = EXCHANGE_AFTER;
  };

  /** The exchange goes on: whether its answer was waited for long enough. */
  #weigh(): void {
    if (this.#polling) this.#overdue = Math.max(this.#overdue - 1, 0);
    else if (this.#ranOut) this.#overdue += OVERDUE_COSTS;
    if (this.#overdue < MOST_OVERDUE) return;
    this.#overdue = 0;
    this.#fastOnes = 0;
    this.#wantMore();
  }

  #wantMore(): void {
    this.#wanted = Math.min(2 * this.#wanted, MOST_WANTED);
  }

  #judge(): void {
    if (this.#wasInVain()) this.#fastOnes = 0;
    else {
      this.#wanted = EXCHANGE_AFTER;
      this.#count();
    }
  }

  #count(): void {
    this.#polledOnes = 0;
    this.#preemptions = preemptions();
  }

  /** Somebody wanted the core for more than every second answer. */
  #wasInVain(): boolean {
    return preemptions() - this.#preemptions > this.#polledOnes / 2;
  }
}

let cores: number | undefined;

/** Those that this process may run on, which may be fewer than the machine has. */
function ownCores(): number {
  return (cores ??= availableParallelism());
}

let uncounted = 0;

/** How often the system took the core from this process because somebody else wanted it; where it does not count, once between two calls. */
function preemptions(): number {
  return process.platform === "win32" ? uncounted++ : process.resourceUsage().involuntaryContextSwitches;
}
