import { concat } from "../wire/bytes.js";
import { REPLAY_WINDOW_LENGTH } from "./replay-window.js";
import { MAX_FRAMES_PER_MESSAGE } from "../wire/wire.js";

/** No number: nothing is its successor. */
const NONE = -2;

/**
 * Joins the fragments of a message over datagrams (§4.4), and returns it whole or not at all. If a fragment is missing,
 * or another frame came between, it drops the fragments so far, and those that follow up to the message's last frame.
 */
export class DatagramReassembly {
  #parts: Uint8Array[] = [];
  /** The sequence number of the last part. */
  #partsEnd = NONE;
  /** Numbers of frames that another frame of their message follows, as far back as the replay window reaches. */
  readonly #open = new Set<number>();
  /** The last number of a message that was dropped before its end: the frames that follow may be its rest. */
  #brokenAt = NONE;
  /** The peer rekeyed mid-message: drop its remaining fragments instead of treating one as a new message. */
  #restFollows = false;

  get holdsPartialMessage(): boolean {
    return this.#parts.length > 0;
  }

  /** Takes a fragment (kept) that is not the last. */
  addFragment(seq: number, plaintext: Uint8Array): void {
    const place = this.#placeOf(seq);
    this.#noteOpen(seq);
    if (place === "late" || place === "late rest") return;
    if (place === "rest" || this.#parts.length + 1 >= MAX_FRAMES_PER_MESSAGE) return this.#break(seq);
    this.#parts.push(plaintext);
    this.#partsEnd = seq;
  }

  /** Takes the last frame (kept) of a message. Returns the whole message, or null if part of it is missing. */
  finish(seq: number, plaintext: Uint8Array): Uint8Array | null {
    const place = this.#placeOf(seq);
    if (place === "late") return plaintext;
    if (place === "late rest") return null;
    this.#restFollows = false;
    this.#brokenAt = NONE;
    const message = place === "rest" ? null : concat(...this.#parts, plaintext);
    this.#drop();
    return message;
  }

  /** A control frame came. If it came between the frames of a message, that message is dropped. */
  interrupt(seq: number): void {
    if (!this.#open.has(seq - 1)) return;
    this.#noteOpen(seq);
    this.#break(seq);
  }

  /** The peer restarts its numbers under a new key. `seq`: the number of its REKEY, if that was its last frame. */
  startOver(seq = NONE): void {
    this.#restFollows = this.#open.has(seq - 1);
    this.#brokenAt = NONE;
    this.#drop();
    this.#open.clear();
  }

  /** Where a frame belongs: the `next` one of a message; the `rest` of a dropped one; or late, from before a gap. */
  #placeOf(seq: number): "next" | "rest" | "late" | "late rest" {
    if (this.#restFollows) return "rest";
    const goesOn = this.#open.has(seq - 1);
    if (this.#parts.length === 0) return goesOn || this.#isBehindBroken(seq) ? "rest" : "next";
    if (seq === this.#partsEnd + 1) return "next";
    // A lower number is a frame that the peer gave up and that arrived after all. After a gap the message held is
    // incomplete, and this frame may be the rest of it.
    if (seq > this.#partsEnd) return "rest";
    return goesOn ? "late rest" : "late";
  }

  #isBehindBroken(seq: number): boolean {
    return this.#brokenAt !== NONE && seq > this.#brokenAt && seq <= this.#brokenAt + REPLAY_WINDOW_LENGTH;
  }

  #break(seq: number): void {
    this.#brokenAt = seq;
    this.#drop();
  }

  #noteOpen(seq: number): void {
    this.#open.add(seq);
    for (const old of this.#open) if (old + REPLAY_WINDOW_LENGTH < seq) this.#open.delete(old);
  }

  #drop(): void {
    this.#parts = [];
    this.#partsEnd = NONE;
  }
}
