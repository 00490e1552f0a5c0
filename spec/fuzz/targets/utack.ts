/** UTACKs and what waits for them, against a model of §6: only the right one settles a frame, and it is sent 8 times. */
import { StopAndWaitArq } from "../../../lib/core/datagram/stop-and-wait-arq.js";
import { bareUtack, isUtack, readUtack, sealedUtack } from "../../../lib/core/wire/utack.js";
import { isUsmpError, UsmpError } from "../../../lib/errors.js";
import { filled, toHex } from "../../support/core-bytes.js";
import { crypto } from "../../support/core-crypto.js";
import { Choices } from "../choices.js";
import { hold, same } from "../invariant.js";

const KEYS = [filled(32, 1), filled(32, 2), filled(32, 3)] as const;
const MAX_SENDS = 8;
const MIN_PATIENCE_MS = 16_000;
const MAX_WAIT_MS = 5_000;
const MIN_WAIT_MS = 30;

interface Flight {
  readonly bytes: Uint8Array;
  readonly type: number;
  readonly seq: number;
  readonly keys: readonly Uint8Array[];
  readonly firstSentAt: number;
  sends: number;
}

export function fuzz(data: Uint8Array): void {
  const choices = new Choices(data);
  if (choices.below(4) === 0) read(choices.rest());
  else new Sender(choices).run();
}

/** Whatever comes, it is read as what it says or not at all. */
function read(datagram: Uint8Array): void {
  same(isUtack(datagram), datagram[0] === 0xac && datagram[1] === 0xac, "whether it is a UTACK");
  const utack = readUtack(datagram);
  same(utack !== null, datagram.length === 7 || datagram.length === 15, "whether its length is a UTACK's");
  if (utack === null || !isUtack(datagram)) return;
  same(toHex(bareUtack(utack.type, utack.seq)), toHex(datagram.subarray(0, 7)), "what it says");
}

class Sender {
  readonly #choices: Choices;
  readonly #sender = new StopAndWaitArq(crypto);
  #flight: Flight | null = null;
  #resent = 0;
  #now = 0;

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  run(): void {
    const choices = this.#choices;
    let isLost = false;
    while (!choices.isOver && !isLost) {
      switch (choices.below(6)) {
        case 0:
          this.#send();
          break;
        case 1:
          this.#offer(this.#forged(), false);
          break;
        case 2:
          if (this.#flight !== null) this.#offer(this.#right(this.#flight), true);
          break;
        case 3:
          this.#now += choices.uint16() % 7_000;
          isLost = this.#resend();
          break;
        case 4:
          // To the very moment at which something is due.
          if (this.#flight !== null) this.#now = Math.max(this.#now, this.#sender.nextDeadline());
          isLost = this.#resend();
          break;
        case 5:
          this.#sender.prepare();
      }
      this.#compare();
    }
  }

  #send(): void {
    if (this.#flight !== null) return;
    const choices = this.#choices;
    const bytes = filled(1 + choices.below(20), choices.byte());
    const keys = KEYS.slice(0, 1 + choices.below(2));
    const [type, seq] = [5 + choices.below(7), choices.uint32()];
    this.#flight = { bytes, type, seq, keys, firstSentAt: this.#now, sends: 1 };
    const isFragment = choices.below(2) === 0;
    const isLater = isFragment && choices.below(2) === 0;
    this.#sender.send({ bytes, type, seq, keys, isFragment, isLater }, this.#now);
  }

  #right({ keys, type, seq }: Flight): Uint8Array {
    return sealedUtack(crypto, this.#choices.of(keys), type, seq);
  }

  /** For this frame or another, damaged, cut, under another key, or without a MAC. */
  #forged(): Uint8Array {
    const choices = this.#choices;
    const type = this.#flight?.type ?? 5;
    const seq = this.#flight?.seq ?? 0;
    switch (choices.below(5)) {
      case 0:
        return bareUtack(type, seq);
      case 1:
        return sealedUtack(crypto, KEYS[2], type, seq);
      case 2:
        return sealedUtack(crypto, KEYS[0], type, (seq + 1 + choices.byte()) % 2 ** 32);
      case 3:
        return sealedUtack(crypto, KEYS[0], (type + 1 + choices.below(6)) % 256, seq);
      default: {
        const utack = sealedUtack(crypto, KEYS[0], type, seq);
        utack[choices.below(15)]! ^= 1 + choices.below(255);
        return utack.subarray(0, 15 - choices.below(2) * choices.below(15));
      }
    }
  }

  #offer(datagram: Uint8Array, isRight: boolean): void {
    const utack = readUtack(datagram);
    const settled = utack !== null && isUtack(datagram) && this.#sender.acknowledge(utack, this.#now);
    same(settled, isRight, "whether it acknowledges the frame");
    if (settled) this.#flight = null;
  }

  /** Whether the peer was given up. */
  #resend(): boolean {
    const flight = this.#flight;
    const due = this.#sender.nextDeadline();
    let again: Uint8Array | null;
    try {
      again = this.#sender.resend(this.#now, (message) => new UsmpError("TIMEOUT", message));
    } catch (error) {
      if (!isUsmpError(error)) throw error;
      same(error.code, "TIMEOUT", "the code");
      same(flight?.sends, MAX_SENDS, "how often it was sent");
      hold(this.#now - flight!.firstSentAt >= MIN_PATIENCE_MS, "the peer is given up early");
      return true;
    }
    same(again !== null, flight !== null && this.#now >= due, "whether it is sent again");
    if (again === null || flight === null) return false;
    same(toHex(again), toHex(flight.bytes), "the bytes that are sent again");
    flight.sends++;
    this.#resent++;
    hold(flight.sends <= MAX_SENDS, "it is sent too often");
    return false;
  }

  #compare(): void {
    same(this.#sender.isIdle, this.#flight === null, "whether nothing is in flight");
    same(this.#sender.unackedBytes, this.#flight?.bytes.length ?? 0, "the bytes in flight");
    same(this.#sender.retransmissions, this.#resent, "the retransmissions");
    const due = this.#sender.nextDeadline();
    if (this.#flight === null) return same(due, Infinity, "the deadline of nothing");
    hold(due <= this.#now + MAX_WAIT_MS, "it waits too long");
    if (this.#flight.firstSentAt === this.#now && this.#flight.sends === 1)
      hold(due >= this.#now + MIN_WAIT_MS, "it does not wait");
  }
}
