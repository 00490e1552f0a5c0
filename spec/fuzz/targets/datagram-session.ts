/**
 * Two ends in a session over datagrams, twice: once on a network that loses, doubles and reorders, and once on the same network
 * with somebody in it who does not have the keys. Nobody may be able to tell the two worlds apart: what does not verify is not
 * answered, and changes nothing.
 */
import { isUtack } from "../../../lib/core/wire/utack.js";
import { FrameType } from "../../../lib/core/wire/wire.js";
import { filled, toHex } from "../../support/core-bytes.js";
import { toyCrypto, watchingNonces } from "../../support/core-crypto.js";
import { plainFrame } from "../../support/core-frames.js";
import { Choices } from "../choices.js";
import { DatagramWorld, other, SIDES, type Side } from "../datagram-world.js";
import { damaged, forged, forgedUtack } from "../hostile-frames.js";
import { hold, same } from "../invariant.js";
import { repeatable } from "../repeatable-crypto.js";

const SIZES = [0, 1, 10, 451, 452, 453, 905, 1808];
/** Control frames that pile up are no flood below this. */
const MAX_CONTROLS = 24;
const MAX_OPERATIONS = 100;
const MAX_MESSAGES = 12;
/** The longest that a frame is tried for is 40 s, and a message has four. */
const HEALING_MS = 200_000;
/** What may end a session that nobody has closed. */
const PATIENCE_OVER = "TIMEOUT";

export function fuzz(data: Uint8Array): void {
  new Twins(new Choices(data)).run();
}

class Twins {
  readonly #choices: Choices;
  readonly #calm = DatagramWorld.agreed(watchingNonces(repeatable(toyCrypto)).crypto);
  readonly #hostile = DatagramWorld.agreed(watchingNonces(repeatable(toyCrypto)).crypto);
  /** Everything that an honest end ever sent: not to be forged by accident. */
  readonly #real = new Set<string>([toHex(plainFrame(FrameType.HELLO))]);
  readonly #noted = { device: 0, gateway: 0 };
  #controls = 0;
  #closed = false;

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  run(): void {
    for (let operations = 0; !this.#choices.isOver && operations < MAX_OPERATIONS; operations++) {
      this.#step(this.#choices.of(SIDES));
      this.#compare();
    }
    this.#both((world) => world.heal(HEALING_MS));
    this.#compare();
    this.#judge();
  }

  #both(action: (world: DatagramWorld) => void): void {
    action(this.#calm);
    action(this.#hostile);
  }

  #step(side: Side): void {
    const choices = this.#choices;
    switch (choices.below(14)) {
      case 0:
      case 1: {
        const message = filled(choices.of(SIZES), choices.byte());
        if (this.#calm.sent[side].length < MAX_MESSAGES) this.#both((world) => world.send(side, message));
        return;
      }
      case 2:
        return this.#both((world) => world.bringNext(side));
      case 3:
        // Lost.
        return this.#both((world) => world.brought[side]++);
      case 4: {
        // Again, or before others.
        const index = choices.uint16() % Math.max(1, this.#calm.out[side].length);
        return this.#both((world) => world.bring(side, index));
      }
      case 5:
        return this.#both((world) => {
          for (const from of SIDES) while (world.brought[from] < world.out[from].length) world.bringNext(from);
        });
      case 6:
        return this.#control((world) =>
          world.act(side, ({ connection }) => connection.request({ type: "ping" }, world.now)),
        );
      case 7:
        return this.#control((world) =>
          world.act(side, ({ connection }) => connection.request({ type: "rekey" }, world.now)),
        );
      case 8: {
        const ms = choices.below(2) === 0 ? choices.byte() : choices.uint16() % 8_000;
        return this.#both((world) => world.pass(ms));
      }
      case 9: {
        const reading = choices.below(2) === 0;
        return this.#both((world) => world.setReading(side, reading));
      }
      case 10:
        if (choices.below(8) > 0) return;
        this.#closed = true;
        return this.#both((world) => world.close(side));
      default:
        return this.#attack(side);
    }
  }

  #control(ask: (world: DatagramWorld) => void): void {
    if (this.#controls++ >= MAX_CONTROLS) return;
    this.#both((world) => world.pass(500));
    this.#both(ask);
  }

  /** Somebody without keys, in one of the worlds only. */
  #attack(to: Side): void {
    const choices = this.#choices;
    const { out } = this.#hostile;
    const [own, theirs] = [out[to], out[other(to)]];
    const pick = (from: readonly Uint8Array[]): Uint8Array =>
      from[choices.uint16() % Math.max(1, from.length)] ?? filled(40, 0);
    let datagram: Uint8Array;
    switch (choices.below(6)) {
      case 0:
        datagram = damaged(choices, theirs.at(-1) ?? pick(own));
        break;
      case 1:
        datagram = damaged(choices, pick(theirs));
        break;
      case 2:
        // Back to whoever sent it.
        if (own.length === 0) return;
        return this.#hostile.put(to, pick(own));
      case 3:
        datagram = forgedUtack(choices, own.findLast((sent) => !isUtack(sent)) ?? pick(own));
        break;
      case 4:
        datagram = choices.bytes(choices.below(32));
        break;
      default:
        datagram = forged(choices);
    }
    if (!this.#real.has(toHex(datagram))) this.#hostile.put(to, datagram);
  }

  #compare(): void {
    for (const side of SIDES) {
      const [calm, hostile] = [this.#calm.out[side], this.#hostile.out[side]];
      same(hostile.length, calm.length, `how many datagrams the ${side} sent`);
      for (; this.#noted[side] < calm.length; this.#noted[side]++) {
        const hex = toHex(calm[this.#noted[side]]!);
        same(toHex(hostile[this.#noted[side]]!), hex, `a datagram of the ${side}`);
        this.#real.add(hex);
      }
      const ends = [this.#calm.ends[side], this.#hostile.ends[side]] as const;
      same(ends[1].connection.nextDeadline(), ends[0].connection.nextDeadline(), `the deadline of the ${side}`);
      same(ends[1].events.length, ends[0].events.length, `how much the ${side} told`);
      same(ends[1].closed, ends[0].closed, `how the ${side} ended`);
    }
    this.#both((world) => world.check());
  }

  /** The network is well again: all that was sent is there, or both ends have ended and said why. */
  #judge(): void {
    const world = this.#calm;
    for (const side of SIDES) {
      const { closed } = world.ends[side];
      if (closed === undefined || closed === PATIENCE_OVER) continue;
      hold(this.#closed && (closed === "CLOSED" || closed === "BYE"), `the ${side} ended with ${closed}`);
    }
    if (SIDES.some((side) => world.ends[side].closed !== undefined)) return;
    for (const side of SIDES) {
      same(world.delivered(side), world.sent[other(side)].length, `the messages that reached the ${side}`);
      same(world.ends[side].connection.unsentBytes(), 0, `what the ${side} has not got rid of`);
    }
  }
}
