/**
 * Two ends over datagrams and a hostile network, driven by random commands against a small model: what was accepted comes out
 * once, in order and whole; what nobody with the key has sent changes nothing; nobody ends without a reason that the model knows.
 */
import fc from "fast-check";
import { expect } from "chai";
import { isUtack } from "../../lib/core/wire/utack.js";
import { filled, toHex } from "../support/core-bytes.js";
import { toyCrypto, watchingNonces } from "../support/core-crypto.js";
import { expectCode } from "../support/core-errors.js";
import { withCrc } from "../support/core-frames.js";
import { datagramDevice, datagramGateway, exchange } from "../support/datagram-pair.js";
import { Choices } from "../fuzz/choices.js";
import { DatagramWorld, other, SIDES, type Side } from "../fuzz/datagram-world.js";
import { forged, forgedUtack } from "../fuzz/hostile-frames.js";
import { repeatable } from "../fuzz/repeatable-crypto.js";
import { KEEPALIVE, LENGTHS, MAX_CONTROLS, MAX_LENGTH, Step } from "./model-step.js";

/** A frame is given up after this long at the earliest (§6). */
const MIN_PATIENCE_MS = 16_000;
/** Before this the 8th sending of a frame has not left, also where the first timeout was the shortest: 100 ms, doubling up to 5 s. */
const LAST_SENDING_MS = 11_000;
/** Four frames of a message, 40 s each, and then a keepalive. */
const HEALING_MS = 300_000;

export interface DatagramModel {
  accepted: Record<Side, string[]>;
  closedBy: Side | null;
  elapsedMs: number;
  controls: number;
}

export function newDatagramModel(): DatagramModel {
  return { accepted: { device: [], gateway: [] }, closedBy: null, elapsedMs: 0, controls: 0 };
}

export class DatagramReal {
  world!: DatagramWorld;
  /** What the sessions before this one sent. */
  readonly old: Uint8Array[] = [];
  #sessions = 0;

  constructor() {
    this.open();
  }

  /** A new session, by a real handshake; the old one's datagrams may still come. */
  open(): void {
    const crypto = watchingNonces(repeatable(toyCrypto, 1_000 * ++this.#sessions)).crypto;
    const gateway = datagramGateway({ crypto, keepalive: KEEPALIVE.gateway });
    const device = datagramDevice({ crypto, keepalive: KEEPALIVE.device });
    exchange(device, gateway);
    expect([device.established, gateway.established]).to.deep.equal([true, true]);
    this.world = new DatagramWorld({ device, gateway });
  }

  /** Whatever `step` does, nobody may see a difference. */
  changesNothing(step: () => void): void {
    const before = this.#state();
    step();
    expect(this.#state()).to.deep.equal(before);
  }

  #state(): unknown {
    return SIDES.map((side) => {
      const { connection, events } = this.world.ends[side];
      const { framesSent, retransmissions, roundTripMs } = connection;
      const counts = {
        settled: connection.settled(),
        framesSent,
        retransmissions,
        roundTripMs,
        unsent: connection.unsentBytes(),
      };
      return { out: this.world.out[side].length, events: events.length, due: connection.nextDeadline(), ...counts };
    });
  }

  /** What holds after every command. */
  check(model: DatagramModel): void {
    this.world.check();
    for (const side of SIDES) {
      expect(this.world.sent[side]).to.deep.equal(model.accepted[side]);
      const { closed } = this.world.ends[side];
      if (closed === undefined) continue;
      const allowed = [
        ...(model.closedBy === null ? [] : [model.closedBy === side ? "CLOSED" : "BYE"]),
        ...(model.closedBy === other(side) ? ["CLOSED"] : []),
        ...(model.elapsedMs >= MIN_PATIENCE_MS ? ["TIMEOUT"] : []),
      ];
      expect(allowed, `how the ${side} ended`).to.include(closed);
    }
  }

  /** The network loses nothing more: all is delivered, or both have ended. */
  finish(model: DatagramModel): void {
    // Where nobody has been sent anything 8 times, nobody may give up now.
    const isHopeful = model.elapsedMs < LAST_SENDING_MS;
    if (!isHopeful) model.elapsedMs += HEALING_MS;
    this.world.heal(HEALING_MS);
    this.check(model);
    const ended = SIDES.filter((side) => this.world.ends[side].closed !== undefined);
    if (ended.length > 0) {
      expect(ended, "who has ended").to.deep.equal([...SIDES]);
      return;
    }
    for (const side of SIDES) {
      expect(this.world.delivered(side), `what reached the ${side}`).to.equal(model.accepted[other(side)].length);
    }
  }
}

type DatagramStep = Step<DatagramModel, DatagramReal>;

function step(label: string, run: (model: DatagramModel, real: DatagramReal) => void): DatagramStep {
  return new Step<DatagramModel, DatagramReal>(label, (model, real) => {
    run(model, real);
    real.check(model);
  });
}

const side = fc.constantFrom(...SIDES);
const nth = fc.nat(200);

const send = fc.tuple(side, fc.constantFrom(...LENGTHS), fc.nat(255)).map(([from, length, first]) =>
  step(`${from} sends ${length}`, (model, { world }) => {
    const { connection, closed } = world.ends[from];
    const message = filled(length, first);
    if (closed !== undefined) return void expectCode(() => connection.send(message, world.now), "NOT_CONNECTED");
    if (length > MAX_LENGTH) return void expectCode(() => connection.send(message, world.now), "PAYLOAD_TOO_LARGE");
    world.send(from, message);
    model.accepted[from].push(toHex(message));
  }),
);

const control = fc.tuple(side, fc.constantFrom("ping" as const, "rekey" as const)).map(([from, what]) =>
  step(`${from} ${what}`, (model, { world }) => {
    if (model.controls++ >= MAX_CONTROLS) return;
    world.pass(500);
    model.elapsedMs += 500;
    world.act(from, ({ connection }) => connection.request({ type: what }, world.now));
  }),
);

const crossed = fc.constant(
  step("both rekey at once", (model, { world }) => {
    if ((model.controls += 2) > MAX_CONTROLS) return;
    world.pass(1_000);
    model.elapsedMs += 1_000;
    for (const from of SIDES) world.act(from, ({ connection }) => connection.request({ type: "rekey" }, world.now));
  }),
);

const time = fc
  .tuple(fc.oneof({ weight: 5, arbitrary: fc.nat(300) }, fc.nat(20_000)), fc.boolean())
  .map(([ms, atOnce]) =>
    step(`${ms} ms ${atOnce ? "at once" : "pass"}`, (model, { world }) => {
      model.elapsedMs += ms;
      if (atOnce) world.jump(ms);
      else world.pass(ms);
    }),
  );

const network = fc.oneof(
  { weight: 4, arbitrary: side.map((from) => step(`${from}'s next arrives`, (_, { world }) => world.bringNext(from))) },
  {
    weight: 3,
    arbitrary: fc.constant(
      step("all arrives", (_, { world }) => {
        for (const from of SIDES) while (world.brought[from] < world.out[from].length) world.bringNext(from);
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: side.map((from) =>
      step(`${from}'s next is lost`, (_, { world }) => {
        if (world.brought[from] < world.out[from].length) world.brought[from]++;
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(side, nth)
      .map(([from, index]) =>
        step(`${from}'s ${index}th arrives, again or early`, (_, { world }) =>
          world.bring(from, index % Math.max(1, world.out[from].length)),
        ),
      ),
  },
);

/** Bytes for what the network makes up. */
const chosen = fc.uint8Array({ minLength: 8, maxLength: 8 });

const hostile = fc
  .tuple(side, fc.constantFrom("flip", "forge", "utack", "reflect", "old", "noise"), nth, chosen)
  .map(([to, how, index, bytes]) =>
    step(`${how} to the ${to}`, (_, real) => {
      const { out } = real.world;
      const [own, theirs] = [out[to], out[other(to)]];
      const pick = (from: readonly Uint8Array[]): Uint8Array | undefined => from[index % Math.max(1, from.length)];
      const choices = new Choices(bytes);
      let datagram: Uint8Array | undefined;
      if (how === "flip") datagram = flipped(pick(theirs), choices);
      else if (how === "forge") datagram = forged(choices);
      else if (how === "utack")
        datagram = forgedUtack(choices, own.findLast((sent) => !isUtack(sent)) ?? filled(12, 5));
      else if (how === "reflect") datagram = pick(own);
      else if (how === "old") datagram = pick(real.old);
      else datagram = choices.bytes(8);
      if (datagram !== undefined) real.changesNothing(() => real.world.put(to, datagram));
    }),
  );

function flipped(datagram: Uint8Array | undefined, choices: Choices): Uint8Array | undefined {
  if (datagram === undefined) return undefined;
  const copy = Uint8Array.from(datagram);
  copy[choices.uint16() % copy.length]! ^= 1 << choices.below(8);
  const changed = choices.below(2) === 0 || isUtack(copy) || copy.length < 12 ? copy : withCrc(copy);
  // A flip in the CRC, made right again.
  return toHex(changed) === toHex(datagram) ? undefined : changed;
}

const reading = fc
  .tuple(side, fc.boolean())
  .map(([end, reads]) => step(`${end} ${reads ? "reads" : "pauses"}`, (_, { world }) => world.setReading(end, reads)));

const close = side.map((from) =>
  step(`${from} closes`, (model, { world }) => {
    if (world.ends[from].closed === undefined) model.closedBy ??= from;
    world.close(from);
  }),
);

const reconnect = fc.constant(
  step("a new session", (model, real) => {
    real.finish(model);
    real.old.push(...SIDES.flatMap((from) => real.world.out[from]).slice(0, 100));
    real.open();
    Object.assign(model, newDatagramModel());
  }),
);

/** Weights by repetition: a session should live for long enough to meet something. */
export const datagramSteps: fc.Arbitrary<DatagramStep>[] = [
  send,
  send,
  send,
  network,
  network,
  network,
  network,
  control,
  crossed,
  time,
  time,
  hostile,
  hostile,
  reading,
  fc.oneof({ weight: 3, arbitrary: send }, { weight: 1, arbitrary: close }, { weight: 1, arbitrary: reconnect }),
];
