import type { Clock, Timer } from "../../core/clock.js";
import type { StreamConditions } from "./memory-conditions.js";
import type { SeededRandom } from "../../transport/random.js";

/**
 * How many bytes may be in flight or unread before the sender's flush stalls: about as many as a kernel buffers for a
 * socket.
 */
const HIGH_WATER_MARK = 64 * 1024;

/** The calls that the receiving end of a pipe gets. */
export interface PipeReader {
  onBytes(chunk: Uint8Array): void;
  onEnd(): void;
  /** The other side dropped the connection. Overtakes the unread bytes. */
  onReset(): void;
  /** Bytes arrived after the reader had gone. Called once. */
  onUnwanted(): void;
}

/**
 * What may pass to the reader: nothing before it is ready; while paused, an end with no byte before it; or everything.
 */
type Delivery = "waiting" | "paused" | "flowing";

interface MemoryPipeParts {
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** Read for every piece, so that conditions can change in flight. */
  readonly conditions: () => StreamConditions;
  readonly frozen: boolean;
  /** Read at delivery: two pipes and the two ends they join refer to each other. */
  readonly reader: () => PipeReader;
}

interface Queued {
  readonly bytes: Uint8Array;
  taken: number;
  readonly onFlushed: () => void;
}

interface Segment {
  readonly bytes: Uint8Array;
  /** Made by the pipe, so it may be overwritten after delivery. */
  readonly copied: boolean;
}

interface Arrival {
  readonly at: number;
  readonly what: Segment | "end" | "reset";
}

/**
 * One direction of a stream.
 *
 *     send -> queue -> (window has room) -> arrivals -> (time has come) -> unread -> (flowing) -> onBytes
 *                      onFlushed here       frozen: stand still            else: stand still
 *
 * Bytes in `arrivals` and `unread` fill the window; delivery empties it.
 */
export class MemoryPipe {
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #conditions: () => StreamConditions;
  readonly #reader: () => PipeReader;

  #queue: Queued[] = [];
  #onEndSent: (() => void) | undefined;
  #pumping: Timer | undefined;
  #window = 0;

  #arrivals: Arrival[] = [];
  #travelling: Timer | undefined;
  #frozen: boolean;

  #unread: (Segment | "end")[] = [];
  #delivery: Delivery | "refused" | "unwanted" = "waiting";
  #draining: Timer | undefined;

  constructor({ clock, random, conditions, frozen, reader }: MemoryPipeParts) {
    this.#clock = clock;
    this.#random = random;
    this.#conditions = conditions;
    this.#frozen = frozen;
    this.#reader = reader;
  }

  send(bytes: Uint8Array, onFlushed: () => void): void {
    this.#queue.push({ bytes, taken: 0, onFlushed });
    this.#pumpSoon();
  }

  /** Sends the end behind the queued bytes; `onSent` runs once it is in flight, not synchronously. */
  end(onSent: () => void): void {
    this.#onEndSent = onSent;
    this.#pumpSoon();
  }

  /** The sender is gone: queued bytes are lost, bytes in flight arrive, then the end or the reset. */
  abandon(how: "end" | "reset"): void {
    this.#queue = [];
    this.#onEndSent = undefined;
    this.#pumping?.cancel();
    this.#dispatch(how);
  }

  /** Sets what may pass from now on; waiting bytes follow, not synchronously. */
  deliver(delivery: Delivery): void {
    this.#delivery = delivery;
    this.#drainSoon();
  }

  get hasUnread(): boolean {
    return this.#unread.some((item) => item !== "end");
  }

  freeze(): void {
    this.#frozen = true;
    this.#travelling?.cancel();
    this.#travelling = undefined;
  }

  thaw(): void {
    this.#frozen = false;
    this.#travel();
  }

  /** Forgets everything and cancels every timer: the cable is cut. */
  discard(): void {
    this.#queue = [];
    this.#onEndSent = undefined;
    this.#arrivals = [];
    this.#unread = [];
    for (const timer of [this.#pumping, this.#travelling, this.#draining]) timer?.cancel();
    this.#pumping = this.#travelling = this.#draining = undefined;
  }

  /** The reader is gone: unread bytes are dropped, and bytes that still arrive are unwanted. */
  refuse(): void {
    this.#draining?.cancel();
    this.#draining = undefined;
    for (const item of this.#unread.splice(0)) if (item !== "end") this.#release(item.bytes.length);
    this.#delivery = "refused";
  }

  #pumpSoon(): void {
    this.#pumping ??= this.#clock.afterReadPass(() => {
      this.#pumping = undefined;
      this.#pump();
    });
  }

  /** Sends as many of the queued bytes as the window has room for. */
  #pump(): void {
    const flushed: (() => void)[] = [];
    while (this.#queue.length > 0 && this.#window < HIGH_WATER_MARK) {
      const segment = this.#conditions().split === true ? this.#takeSplit(flushed) : this.#takeOne(flushed);
      this.#window += segment.bytes.length;
      if (segment.bytes.length > 0) this.#dispatch(segment);
    }
    if (this.#queue.length === 0 && this.#onEndSent !== undefined) {
      flushed.push(this.#onEndSent);
      this.#onEndSent = undefined;
      this.#dispatch("end");
    }
    for (const onFlushed of flushed) onFlushed();
  }

  /** The head of the queue, as far as there is room for it. */
  #takeOne(flushed: (() => void)[]): Segment {
    const head = this.#queue[0]!;
    const from = head.taken;
    const to = Math.min(head.bytes.length, from + HIGH_WATER_MARK - this.#window);
    this.#take(head, to - from, flushed);
    return { bytes: head.bytes.subarray(from, to), copied: false };
  }

  /** A random part of the queued bytes that have room. Small parts are as likely as large ones: they find more bugs. */
  #takeSplit(flushed: (() => void)[]): Segment {
    const room = HIGH_WATER_MARK - this.#window;
    let queued = 0;
    for (const { bytes, taken } of this.#queue) {
      queued += bytes.length - taken;
      if (queued >= room) break;
    }
    const length = Math.min(queued, Math.ceil(Math.min(queued, room) ** this.#random.next()));
    const bytes = new Uint8Array(length);
    let filled = 0;
    do {
      const head = this.#queue[0]!;
      const count = Math.min(head.bytes.length - head.taken, length - filled);
      bytes.set(head.bytes.subarray(head.taken, head.taken + count), filled);
      filled += count;
      this.#take(head, count, flushed);
    } while (filled < length);
    return { bytes, copied: true };
  }

  #take(head: Queued, count: number, flushed: (() => void)[]): void {
    head.taken += count;
    if (head.taken < head.bytes.length) return;
    this.#queue.shift();
    flushed.push(head.onFlushed);
  }

  #dispatch(what: Arrival["what"]): void {
    const { latencyMs = 0, jitterMs = 0 } = this.#conditions();
    this.#arrivals.push({ at: this.#clock.now() + latencyMs + jitterMs * this.#random.next(), what });
    this.#travel();
  }

  /** Waits for the first arrival only: a stream keeps its order, so a late one delays those behind it. */
  #travel(): void {
    const first = this.#arrivals[0];
    if (this.#frozen || this.#travelling !== undefined || first === undefined) return;
    const arrive = (): void => {
      this.#travelling = undefined;
      this.#arrive(first);
    };
    const delayMs = first.at - this.#clock.now();
    // A real clock's shortest timer is 1 ms, which would add a latency of its own.
    this.#travelling = delayMs > 0 ? this.#clock.after(delayMs, arrive) : this.#clock.afterReadPass(arrive);
  }

  /** Takes the first arrival, due even if the timer ran a little early, and all others whose time has come. */
  #arrive(first: Arrival): void {
    const now = Math.max(this.#clock.now(), first.at);
    let count = 0;
    while ((this.#arrivals[count]?.at ?? Infinity) <= now) count++;
    for (const { what } of this.#arrivals.splice(0, count)) {
      if (what === "reset") {
        this.#reader().onReset();
        return;
      }
      this.#unread.push(what);
    }
    this.#travel();
    this.#drain();
  }

  #drainSoon(): void {
    if (this.#unread.length === 0) return;
    this.#draining ??= this.#clock.afterReadPass(() => {
      this.#draining = undefined;
      this.#drain();
    });
  }

  #drain(): void {
    // The reader may pause, destroy or cut: check again before each delivery.
    for (let next = this.#unread[0]; next !== undefined; next = this.#unread[0]) {
      if (this.#delivery === "waiting" || (this.#delivery === "paused" && next !== "end")) return;
      this.#unread.shift();
      if (next === "end") this.#passEnd();
      else this.#pass(next);
    }
  }

  #passEnd(): void {
    if (this.#delivery === "paused" || this.#delivery === "flowing") this.#reader().onEnd();
  }

  #pass(segment: Segment): void {
    this.#release(segment.bytes.length);
    if (this.#delivery === "refused") {
      this.#delivery = "unwanted";
      this.#reader().onUnwanted();
    } else if (this.#delivery === "flowing") {
      this.#reader().onBytes(segment.bytes);
    }
    if (segment.copied) segment.bytes.fill(0xdb);
  }

  #release(count: number): void {
    this.#window -= count;
    if (this.#queue.length > 0) this.#pumpSoon();
  }
}
