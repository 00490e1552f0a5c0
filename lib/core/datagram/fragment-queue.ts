import { copyOf } from "../wire/bytes.js";
import { Fifo } from "../fifo.js";
import { FrameType, MAX_PLAINTEXT_LENGTH } from "../wire/wire.js";

/** The content of one DATA or DATA_FRAG frame. */
interface Fragment {
  readonly type: typeof FrameType.DATA | typeof FrameType.DATA_FRAG;
  /** Borrowed from the queue. */
  readonly plaintext: Uint8Array;
}

/** Messages that wait to be sent, taken fragment by fragment (§4.4). */
export class FragmentQueue {
  readonly #messages = new Fifo<Uint8Array>();
  #bytes = 0;
  /** The message whose first fragments were taken, and the offset of its next one. */
  #begun: Uint8Array | null = null;
  #offset = 0;

  /** Bytes that were not taken yet. */
  get waitingBytes(): number {
    return this.#bytes;
  }

  /** Whether nothing is left to take. */
  get isEmpty(): boolean {
    return this.#messages.length === 0 && !this.isWithinMessage;
  }

  /** Whether a message has begun and not ended. No control frame may leave until it ends. */
  get isWithinMessage(): boolean {
    return this.#begun !== null;
  }

  /** Whether the next fragment begins a message of several fragments. */
  get startsFragmented(): boolean {
    return !this.isWithinMessage && (this.#messages.first?.length ?? 0) > MAX_PLAINTEXT_LENGTH;
  }

  /** Adds a message (copied). */
  push(message: Uint8Array): void {
    this.#messages.push(copyOf(message));
    this.#bytes += message.length;
  }

  /** Takes the next fragment, or null if nothing waits. */
  take(): Fragment | null {
    const message = this.#begun ?? this.#messages.shift();
    if (message === undefined) return null;
    const end = this.#offset + MAX_PLAINTEXT_LENGTH;
    const plaintext = message.subarray(this.#offset, end);
    const isLast = end >= message.length;
    this.#bytes -= plaintext.length;
    this.#begun = isLast ? null : message;
    this.#offset = isLast ? 0 : end;
    return { type: isLast ? FrameType.DATA : FrameType.DATA_FRAG, plaintext };
  }
}
