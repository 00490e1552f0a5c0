import { cpus } from "node:os";

/** What is sent to one peer more often than this goes to and fro between two ends that are close. */
const FAST_MS = 0.5;

/** So many fast ones in a row to one peer are an exchange, not a coincidence. */
const EXCHANGE_AFTER = 8;

/** A stall of no more than this, which any machine has now and then, does not end an exchange: it costs two of the fast ones. */
const STALL_MS = 8;
const STALL_COSTS = 2;

/**
 * What tells that the polling keeps somebody else from the core, perhaps the very peer: the system took the core away for it, or the
 * answer came only once nobody polled any more, as the system may leave a core to the one that has it until that sleeps. Both happen now
 * and then on any machine, and to a process that collects its garbage. So they weigh against what was answered in time, each of which
 * takes one away: too much are more preemptions than every second answer, or more than every sixth answer overdue.
 */
const PREEMPTION_WEIGHS = 2;
const OVERDUE_WEIGHS = 6;
const TOO_MUCH = 64;
/** The system is asked only every so many answers, and at the end. */
const ASKED_AFTER = 64;
/** Where it was too much, twice as many fast ones are wanted for the next time; half as many after each pause of a second. */
const MOST_WANTED = 8_192;
const PAUSE_MS = 1_000;

/** So many turns of the event loop take longer than a fast answer, unless somebody holds the clock. */
const MOST_TURNS = 8_000;

/**
 * Keeps the event loop awake during a fast exchange with one peer, in which each waits for the other: falling asleep and being
 * woken can take longer than the answer (on loopback two thirds of a round trip).
 *
 * It costs the CPU time of the waits of that exchange, and of a short while after it. A radio, many peers at once and occasional
 * messages are never so fast: they cost nothing. It counts what is sent in answer: forgeries, which are not answered, keep nobody awake.
 * Copies of datagrams that a peer sent before are answered, and do while they come so fast; the event loop has as little sleep from
 * reading them. On a machine with a single core it never polls: the peer may need it.
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
  /** Until another peer is sent something, or it has done too much harm; more may be sent before the event loop turns. */
  #goesOn = false;
  /** Answers since the system was last asked, and how often it had taken the core by then. */
  #answers = 0;
  #preemptions = 0;
  /** It polled for an answer that did not come in time. */
  #ranOut = false;
  /** See above; never below 0. */
  #harm = 0;
  /** Of the event loop, since the last one was sent. */
  #turns = 0;

  /** @param coresOf the machine; asked before anything is polled */
  constructor(coresOf = coresOfMachine) {
    this.#coresOf = coresOf;
  }

  /**
   * Something is sent to `peer` (what tells it apart) that may be an answer, and may be answered. `fastMs` is how soon after the
   * last one it is fast, and for how long its answer is polled for.
   */
  sent(peer: string | number, fastMs = FAST_MS): void {
    const now = performance.now();
    const gapMs = now - this.#lastAt;
    if (gapMs > PAUSE_MS) this.#wanted = Math.max(this.#wanted / 2, EXCHANGE_AFTER);
    if (peer !== this.#peer || gapMs > STALL_MS) this.#startOver();
    else {
      if (gapMs < fastMs) this.#fastOnes++;
      else this.#fastOnes = Math.max(Math.min(this.#fastOnes, this.#wanted) - STALL_COSTS, 0);
      if (this.#ranOut) this.#weigh(OVERDUE_WEIGHS);
    }
    this.#ranOut = false;
    this.#fastMs = fastMs;
    this.#lastAt = now;
    this.#peer = peer;
    this.#turns = 0;
    if (this.#polling) {
      if (++this.#answers >= ASKED_AFTER) this.#ask();
    } else if (this.#fastOnes >= this.#wanted && this.#coresOf() > 1) {
      this.#polling = true;
      this.#goesOn = true;
      this.#answers = 0;
      this.#preemptions = preemptions();
      setImmediate(this.#poll);
    }
  }

  /** While an immediate is due the event loop looks at its sockets without waiting. */
  readonly #poll = (): void => {
    const goesOn = this.#goesOn && this.#fastOnes > 0;
    if (goesOn && performance.now() - this.#lastAt < this.#fastMs && this.#turns++ < MOST_TURNS) {
      setImmediate(this.#poll);
      return;
    }
    this.#polling = false;
    this.#ranOut = goesOn;
    if (this.#ranOut) this.#ask();
  };

  #startOver(): void {
    this.#fastOnes = 0;
    this.#goesOn = false;
  }

  #ask(): void {
    const preemptionsBefore = this.#preemptions;
    this.#preemptions = preemptions();
    const harm = PREEMPTION_WEIGHS * (this.#preemptions - preemptionsBefore) - this.#answers;
    this.#weigh(harm);
    if (this.#harm === 0 && harm <= -ASKED_AFTER / 2) this.#wanted = EXCHANGE_AFTER;
    this.#answers = 0;
  }

  #weigh(harm: number): void {
    this.#harm = Math.max(this.#harm + harm, 0);
    if (this.#harm < TOO_MUCH) return;
    this.#harm = 0;
    this.#startOver();
    this.#wanted = Math.min(2 * this.#wanted, MOST_WANTED);
  }
}

let cores: number | undefined;

/** Not those that this process may run on: its peer may have another. Not asked at the start of a program: the system reads it from a file. */
function coresOfMachine(): number {
  return (cores ??= cpus().length);
}

/** How often the system took the core from this process because somebody else wanted it; 0 where it does not count. */
function preemptions(): number {
  return process.resourceUsage().involuntaryContextSwitches;
}
