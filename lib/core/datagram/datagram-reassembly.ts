import { concat } from "../wire/bytes.js";
import { REPLAY_WINDOW_LENGTH } from "./replay-window.js";
import { MAX_FRAMES_PER_MESSAGE } from "../wire/wire.js";

/** Before any fragment: no number is its successor. */
const NONE = -2;

/**
 * Joins the fragments of a message over datagrams (§4): it is given out whole or not at all. Where a fragment is missing,
 * or another frame came between, what is held is dropped, and so is what follows up to the message's last frame.
 */
export class DatagramReassembly {
  #parts: Uint8Array[] = [];
  /** The number of the last part. */
  #partsEnd = NONE;
  /** Numbers after which a message goes on, as far as a frame may still come. */
  readonly #open = new Set<number>();
  /** The last number of a message that was dropped before its end came: whatever follows may be its rest. */
  #brokenAt = NONE;
  /** The peer changed keys within a message: its rest, under the new key, is nobody's beginning. */
  #restFollows = false;

  get holdsPartialMessage(): boolean {
    return this.#parts.length > 0;
  }

  /** Takes a fragment that is not the last (kept). */
  addFragment(seq: number, plaintext: Uint8Array): void {
    const place = this.#placeOf(seq);
    this.#noteOpen(seq);
    if (place === "late" || place === "late rest") return;
    if (place === "rest" || this.#parts.length + 1 >= MAX_FRAMES_PER_MESSAGE) return this.#break(seq);
    this.#parts.push(plaintext);
    this.#partsEnd = seq;
  }

  /** Takes the last, or only, frame of a message (kept): the whole message, or null where part of it is missing. */
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

  /** A control frame came: none may come between the frames of a message. */
  interrupt(seq: number): void {
    if (!this.#open.has(seq - 1)) return;
    this.#noteOpen(seq);
    this.#break(seq);
  }

  /** The peer numbers anew, under another key; `seq` is its last number, where that was its REKEY's. */
  startOver(seq = NONE): void {
    this.#restFollows = this.#open.has(seq - 1);
    this.#brokenAt = NONE;
    this.#drop();
    this.#open.clear();
  }

  /** What a frame of this number is: the `next` of what is held, or a first; the `rest` of something dropped; or late. */
  #placeOf(seq: number): "next" | "rest" | "late" | "late rest" {
    if (this.#restFollows) return "rest";
    const goesOn = this.#open.has(seq - 1);
    if (this.#parts.length === 0) return goesOn || this.#isBehindBroken(seq) ? "rest" : "next";
    if (seq === this.#partsEnd + 1) return "next";
    // A number behind is one that the peer gave up and that came after all. A gap leaves what is held without its rest,
    // and what comes after it could be that rest.
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
