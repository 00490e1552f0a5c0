/** Both reassemblies, against the messages that were really sent: each comes out whole and once, or not at all. */
import { DatagramReassembly } from "../../../lib/core/datagram/datagram-reassembly.js";
import { StreamReassembly } from "../../../lib/core/stream/stream-reassembly.js";
import { isUsmpError } from "../../../lib/errors.js";
import { Choices } from "../choices.js";
import { hold, same } from "../invariant.js";

export function fuzz(data: Uint8Array): void {
  const choices = new Choices(data);
  if (choices.below(2) === 0) joinStream(choices);
  else new DatagramPeer(choices).run();
}

/** Frames come in order: a list is the whole model. */
function joinStream(choices: Choices): void {
  const reassembly = new StreamReassembly();
  let held: number[][] = [];
  for (let number = 0; !choices.isOver; number++) {
    const isLast = choices.below(3) === 0;
    const plaintext = Array.from(choices.bytes(choices.below(5)), (byte) => byte ^ number);
    if (isLast) {
      const message = reassembly.finish(Uint8Array.from(plaintext));
      same(Array.from(message).join(), [...held.flat(), ...plaintext].join(), "the message");
      held = [];
    } else {
      const code = codeOf(() => reassembly.addFragment(Uint8Array.from(plaintext)));
      same(code, held.length === 3 ? "FRAGMENT" : null, "the fourth fragment's code");
      if (code !== null) return;
      held.push(plaintext);
    }
    same(reassembly.holdsPartialMessage, held.length > 0, "whether a partial message is held");
  }
}

function codeOf(step: () => void): string | null {
  try {
    step();
    return null;
  } catch (error) {
    if (!isUsmpError(error)) throw error;
    return error.code;
  }
}

interface Sent {
  readonly seq: number;
  readonly kind: "fragment" | "last" | "control";
  readonly plaintext: Uint8Array;
}

/** §5: what is older than this is not let through to the reassembly. */
const WINDOW = 64;

/**
 * A peer that sends one frame at a time (§6), gives some up, and may break the rules of fragments; and a network that brings
 * what was given up later, or never. A frame's content is the number of its message and its place in it.
 */
class DatagramPeer {
  readonly #choices: Choices;
  readonly #reassembly = new DatagramReassembly();
  /** What may still come: given up, and not too old. */
  #late: Sent[] = [];
  #seq = 0;
  #newest = -1;
  #message = 0;
  /** The whole messages, by number: how many frames each has. */
  readonly #whole = new Map<number, number>();
  readonly #delivered = new Set<number>();
  /** Whether every frame so far was taken in order, and belonged there. */
  #clean = true;

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  run(): void {
    const choices = this.#choices;
    while (!choices.isOver) {
      switch (choices.below(8)) {
        case 0:
        case 1:
        case 2:
          this.#sendMessage(1 + choices.below(4), false);
          break;
        case 3:
          // More frames than a message has, or something between them.
          this.#sendMessage(1 + choices.below(7), true);
          break;
        case 4:
          this.#sendFrame("control", new Uint8Array(0));
          break;
        case 5:
        case 6:
          this.#bringLate(choices.below(Math.max(1, this.#late.length)));
          break;
        case 7:
          // The peer numbers anew: nothing of before is let through any more.
          this.#reassembly.startOver(choices.below(2) === 0 ? this.#seq : undefined);
          this.#seq = choices.below(2) === 0 ? 0 : this.#seq + 1;
          this.#newest = -1;
          this.#late = [];
          hold(!this.#reassembly.holdsPartialMessage, "a partial message outlives the numbers");
      }
    }
  }

  #sendMessage(frames: number, hostile: boolean): void {
    const number = this.#message++;
    const clean = this.#clean;
    let isWhole = frames <= 4;
    // Before its last frame: it may come out with that.
    if (isWhole) this.#whole.set(number, frames);
    for (let frame = 0; frame < frames; frame++) {
      if (hostile && this.#choices.below(4) === 0) {
        isWhole &&= frame === 0;
        if (frame > 0) this.#whole.delete(number);
        this.#clean &&= frame === 0;
        this.#sendFrame("control", new Uint8Array(0), false);
      }
      const kind = frame === frames - 1 ? "last" : "fragment";
      if (this.#sendFrame(kind, Uint8Array.of(number, number >> 8, frame)) || frames === 1) continue;
      // §6: a frame that was given up ends its message. Whoever sent another one in the very next number would say that
      // both are one, so a peer that goes on at all sends something else first.
      if (kind === "last") return;
      this.#whole.delete(number);
      this.#sendFrame("control", new Uint8Array(0));
      return;
    }
    if (frames > 4) this.#clean = false;
    if (isWhole && clean && this.#clean)
      hold(this.#delivered.has(number), `message ${number} is lost without a reason`);
  }

  /** Whether it arrived. */
  #sendFrame(kind: Sent["kind"], plaintext: Uint8Array, mayBeLost = true): boolean {
    const sent: Sent = { seq: this.#seq++, kind, plaintext };
    if (mayBeLost && this.#choices.below(8) === 0) {
      this.#clean = false;
      this.#late.push(sent);
      return false;
    }
    this.#take(sent);
    return true;
  }

  #bringLate(index: number): void {
    const [sent] = this.#late.splice(index, 1);
    if (sent !== undefined && sent.seq + WINDOW > this.#newest) this.#take(sent);
  }

  #take({ seq, kind, plaintext }: Sent): void {
    this.#newest = Math.max(this.#newest, seq);
    if (kind === "control") return this.#reassembly.interrupt(seq);
    if (kind === "fragment") return this.#reassembly.addFragment(seq, plaintext);
    const message = this.#reassembly.finish(seq, plaintext);
    if (message === null) return;
    const number = message[0]! + 256 * message[1]!;
    const frames = message.length / 3;
    same(this.#whole.get(number), frames, `the frames of message ${number}`);
    for (let frame = 0; frame < frames; frame++) {
      same(message[3 * frame]! + 256 * message[3 * frame + 1]!, number, "the message that a part belongs to");
      same(message[3 * frame + 2], frame, "the place of a part");
    }
    hold(!this.#delivered.has(number), `message ${number} comes out twice`);
    this.#delivered.add(number);
  }
}
