/**
 * Two ends in a session over a stream, and somebody between them who does not have the keys. Whatever is put in, left out or
 * changed: what comes out of an end is exactly what lies before the first byte that its peer did not send.
 */
import { concat } from "../../../lib/core/wire/bytes.js";
import { payloadLength } from "../../../lib/core/wire/frame.js";
import { UsmpError } from "../../../lib/errors.js";
import { filled, NOTHING, toHex } from "../../support/core-bytes.js";
import { toyCrypto, watchingNonces } from "../../support/core-crypto.js";
import { splitFrames } from "../../support/core-frames.js";
import { establishedEnd, type End } from "../../support/core-pair.js";
import { Choices } from "../choices.js";
import { damaged, forged } from "../hostile-frames.js";
import { hold, same } from "../invariant.js";
import { repeatable } from "../repeatable-crypto.js";

const SIZES = [0, 1, 10, 451, 452, 453, 904, 905, 1808];
/**
 * What somebody without keys can bring about, beside TIMEOUT where half a frame is left. FRAGMENT: the end of a message was
 * left out before a new key.
 */
const VIOLATIONS = ["FRAME", "VERSION", "HANDSHAKE", "SEQUENCE", "CRYPTO", "FRAGMENT"];
/** More would be a flood, however long it took, when they arrive at once. */
const MAX_CONTROLS = 24;
const MAX_OPERATIONS = 100;
const MAX_ON_THE_WAY = 4_000;

/** How what was given is explained by what was sent. */
interface Explanation {
  /** Bytes of what was given that it explains. */
  readonly matched: number;
  /** Where in the truth they end. */
  readonly upTo: number;
  /** Parts of the truth that are left out, from one frame's start to another's. */
  readonly cuts: readonly (readonly [number, number])[];
}

/** One direction. */
class Way {
  readonly from: End;
  readonly to: End;
  /** What `from` put out, and what `to` was given. */
  #truth: Uint8Array = NOTHING;
  #given: Uint8Array = NOTHING;
  /** Where what is given next lies in the truth. */
  at = 0;
  /** Where `from` may have begun to send under a key of the peer's REKEY. */
  readonly #newKeys = new Set<number>();
  /** Each message, and where its frames lie. */
  #compared = 0;
  #explained: { readonly at: string; readonly by: Explanation } = { at: "", by: { matched: 0, upTo: 0, cuts: [] } };
  readonly #sent: { readonly hex: string; readonly start: number; readonly end: number }[] = [];

  constructor(from: End, to: End) {
    this.from = from;
    this.to = to;
  }

  collect(): void {
    if (this.from.connection.outputLength > 0) this.#truth = concat(this.#truth, this.from.output());
  }

  /** Whether `to` was given something that `from` did not put out. */
  get isTampered(): boolean {
    const { matched, upTo } = this.#explanation();
    return matched < this.#given.length && upTo < this.#truth.length;
  }

  /** Whether anything came between: put in, changed or left out. */
  get isTouched(): boolean {
    const { matched, cuts } = this.#explanation();
    return matched < this.#given.length || cuts.length > 0;
  }

  get frames(): Uint8Array[] {
    return splitFrames(this.#truth);
  }

  /** Bytes of the frame that is next. */
  get nextFrame(): Uint8Array {
    const left = this.#truth.subarray(this.at);
    return left.length < 12 ? left : left.subarray(0, 12 + payloadLength(left, 0));
  }

  get left(): Uint8Array {
    return this.#truth.subarray(this.at);
  }

  note(message: Uint8Array): void {
    const start = this.#truth.length;
    this.collect();
    this.#sent.push({ hex: toHex(message), start, end: this.#truth.length });
  }

  /** `back` is the other direction: a REKEY that arrives here changes the key there. */
  give(bytes: Uint8Array, now: number, back: Way): void {
    if (this.to.closed !== undefined) return;
    this.#given = concat(this.#given, bytes);
    back.collect();
    const [rekeyed, sent] = [rekeyedByPeer(this.to), back.#truth.length];
    this.to.receive(bytes, now);
    back.collect();
    if (rekeyedByPeer(this.to) === rekeyed) return;
    for (const start of [...back.#frameStarts(), back.#truth.length]) if (start >= sent) back.#newKeys.add(start);
  }

  check(): void {
    this.collect();
    const { upTo, cuts } = this.#explanation();
    const isWhole = (from: number, to: number): boolean => cuts.every(([start, end]) => to <= start || from >= end);
    const expected = this.#sent.filter(({ start, end }) => end <= upTo && isWhole(start, end)).map(({ hex }) => hex);
    const found = this.to.messages;
    if (this.to.closed === undefined) same(found.length, expected.length, "how many messages came out");
    else hold(found.length <= expected.length, "a message came out that had not arrived");
    for (; this.#compared < found.length; this.#compared++)
      same(toHex(found[this.#compared]!), expected[this.#compared], "a message");
  }

  /** Nothing has changed since it was asked last, mostly. */
  #explanation(): Explanation {
    const now = `${this.#given.length} ${this.#truth.length} ${this.#newKeys.size}`;
    if (this.#explained.at !== now) this.#explained = { at: now, by: this.#explain() };
    return this.#explained.by;
  }

  /**
   * The wire does not say how many frames a responder sent under the old key before it saw REKEY (§7). So whoever is on the
   * way can leave out the last of those, and nobody can tell; anything else that is left out is noticed.
   */
  #explain(given = 0, truth = 0, atLeast = -1): Explanation {
    let length = 0;
    const [most, left] = [this.#given.length - given, this.#truth.length - truth];
    while (length < most && length < left && this.#given[given + length] === this.#truth[truth + length]) length++;
    let best: Explanation = { matched: given + length, upTo: truth + length, cuts: [] };
    if (length === most || this.#newKeys.size === 0 || best.matched <= atLeast) return best;
    for (const start of this.#frameStarts()) {
      if (start < truth || start > truth + length) continue;
      for (const end of this.#newKeys) {
        if (end <= start) continue;
        const rest = this.#explain(given + start - truth, end, best.matched);
        if (rest.matched > best.matched) best = { ...rest, cuts: [[start, end], ...rest.cuts] };
      }
    }
    return best;
  }

  #frameStarts(): number[] {
    let start = 0;
    return this.frames.map(({ length }) => (start += length) - length);
  }
}

function rekeyedByPeer(end: End): number {
  return end.events.filter((event) => event.type === "rekeyed" && event.by === "peer").length;
}

export function fuzz(data: Uint8Array): void {
  new Line(new Choices(data)).run();
}

class Line {
  readonly #choices: Choices;
  readonly #ends: readonly [End, End];
  readonly #ways: readonly [Way, Way];
  #now = 0;
  #controls = 0;
  #saidBye = false;

  constructor(choices: Choices) {
    this.#choices = choices;
    const { crypto } = watchingNonces(repeatable(toyCrypto));
    const [device, gateway] = [establishedEnd("device", { crypto }), establishedEnd("gateway", { crypto })];
    this.#ends = [device, gateway];
    this.#ways = [new Way(device, gateway), new Way(gateway, device)];
  }

  run(): void {
    for (let operations = 0; !this.#choices.isOver && operations < MAX_OPERATIONS; operations++) {
      this.#step(this.#choices.of(this.#ways));
      this.#check();
    }
    this.#finish();
  }

  #step(way: Way): void {
    const choices = this.#choices;
    way.collect();
    switch (choices.below(12)) {
      case 0:
      case 1:
        return this.#send(way, filled(choices.of(SIZES), choices.byte()));
      case 2:
        return this.#pass(way, way.left.length);
      case 3:
        return this.#pass(way, way.nextFrame.length);
      case 4:
        return this.#pass(way, choices.byte());
      case 5:
        this.#control(() => way.from.connection.request({ type: "ping" }, this.#now));
        return;
      case 6:
        this.#control(() => way.from.connection.request({ type: "rekey" }, this.#now));
        return;
      case 7:
        return this.#advance(choices.uint16());
      case 8: {
        const { nextFrame } = way;
        if (choices.below(2) === 0) way.at += nextFrame.length;
        return this.#give(way, damaged(choices, nextFrame));
      }
      case 9: {
        // What either end sent before: again, or back to itself.
        const { frames } = choices.of(this.#ways);
        if (frames.length > 0) this.#give(way, choices.of(frames));
        return;
      }
      case 10:
        return this.#give(way, choices.below(2) === 0 ? forged(choices) : choices.bytes(choices.below(20)));
      case 11:
        if (choices.below(4) > 0) way.at += way.nextFrame.length;
        else this.#close(way.from);
    }
  }

  #send(way: Way, message: Uint8Array): void {
    if (way.from.closed !== undefined || way.left.length > MAX_ON_THE_WAY) return;
    way.from.connection.send(message, this.#now);
    way.note(message);
  }

  #give(way: Way, bytes: Uint8Array): void {
    const [first, second] = this.#ways;
    way.give(bytes, this.#now, way === first ? second : first);
  }

  #pass(way: Way, length: number): void {
    const bytes = way.left.slice(0, length);
    way.at += bytes.length;
    this.#give(way, bytes);
  }

  #control(ask: () => void): void {
    if (this.#controls++ >= MAX_CONTROLS) return;
    this.#advance(500);
    ask();
  }

  #close(end: End): void {
    this.#saidBye = true;
    end.connection.close(new UsmpError("CLOSED", "enough"));
  }

  #advance(ms: number): void {
    this.#now += ms;
    for (const { connection } of this.#ends)
      if (connection.nextDeadline() <= this.#now) connection.handleDeadline(this.#now);
  }

  #check(): void {
    for (const way of this.#ways) {
      way.check();
      const { closed } = way.to;
      if (closed === undefined) continue;
      if (closed === "CLOSED" || closed === "BYE") hold(this.#saidBye, `${closed} without anybody who said so`);
      else hold(closed === "TIMEOUT" || (way.isTouched && VIOLATIONS.includes(closed)), `closed with ${closed}`);
      same(way.to.connection.nextDeadline(), Infinity, "the deadline of a closed end");
    }
  }

  /** Everything arrives; then who was lied to has noticed, and who was not has all that was sent. */
  #finish(): void {
    for (let turn = 0; turn < 6; turn++) {
      for (const way of this.#ways) {
        way.collect();
        this.#pass(way, way.left.length);
      }
      this.#advance(1_000);
    }
    this.#check();
    const anybodyClosed = this.#ends.some(({ closed }) => closed !== undefined);
    for (const way of this.#ways) {
      if (!way.isTampered) continue;
      this.#give(way, filled(600, 0));
      const { closed } = way.to;
      hold(closed !== undefined, "nobody noticed what was put in or left out");
    }
    this.#check();
    if (anybodyClosed) return;
    for (const way of this.#ways) if (!way.isTampered) this.#send(way, filled(3, 0x33));
    for (const way of this.#ways) {
      if (way.isTampered) continue;
      way.collect();
      this.#pass(way, way.left.length);
      way.check();
    }
  }
}
