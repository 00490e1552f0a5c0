/** What holds for every input. The seeds are fixed; fast-check prints seed and counterexample when one fails. */
import { expect } from "chai";
import fc from "fast-check";
import { concat } from "../../lib/core/wire/bytes.js";
import { FrameType } from "../../lib/core/wire/wire.js";
import { counted, toHex } from "../support/core-bytes.js";
import { toyCrypto, watchingNonces } from "../support/core-crypto.js";
import { plainFrame, withCrc } from "../support/core-frames.js";
import {
  agreedPair,
  deviceEnd,
  establishedEnd,
  fromDevice,
  fromGateway,
  gatewayEnd,
  undecidedGatewayEnd,
  type End,
} from "../support/core-pair.js";

const role = fc.constantFrom("device" as const, "gateway" as const);

describe("StreamConnection, with any input", () => {
  it("delivers messages of any size in order, both ways, however the stream is cut", () => {
    const message = fc.record({ from: role, size: fc.nat(1808), first: fc.nat(255) });
    const cut = fc.integer({ min: 1, max: 4000 });
    const property = fc.property(
      fc.array(message, { maxLength: 12 }),
      fc.array(cut, { minLength: 1 }),
      (messages, cuts) => {
        const pair = agreedPair();
        for (const { from, size, first } of messages) pair[from].connection.send(counted(size, first), 0);
        for (let turn = 0; pair.inFlight(pair.device).length + pair.inFlight(pair.gateway).length > 0; turn++) {
          const length = cuts[turn % cuts.length]!;
          pair.deliver(pair.gateway, length);
          pair.deliver(pair.device, length);
        }
        for (const from of ["device", "gateway"] as const) {
          const sent = messages
            .filter((one) => one.from === from)
            .map(({ size, first }) => toHex(counted(size, first)));
          expect(pair.other(pair[from]).messages.map(toHex)).to.deep.equal(sent);
        }
      },
    );
    fc.assert(property, { seed: 201, numRuns: 60 });
  });

  /** An end in each state there is. */
  const states: Record<string, () => End> = {
    "a device that awaits CHALLENGE": () => deviceEnd(),
    "a device that awaits SESSION_OK": () => {
      const device = deviceEnd();
      device.receive(plainFrame(FrameType.CHALLENGE, concat(counted(32), counted(32, 9))));
      return device;
    },
    "a gateway that awaits HELLO": () => gatewayEnd(),
    "a gateway whose lookup runs": () => {
      const gateway = undecidedGatewayEnd();
      gateway.receive(plainFrame(FrameType.HELLO, counted(38)));
      return gateway;
    },
    "a gateway that awaits HELLO_ACK": () => {
      const gateway = gatewayEnd();
      gateway.receive(plainFrame(FrameType.HELLO, counted(38)));
      return gateway;
    },
    "an established device": () => establishedEnd("device"),
    "an established gateway": () => establishedEnd("gateway"),
    "a device whose REKEY is unconfirmed": () => {
      const device = establishedEnd("device");
      device.connection.request({ type: "rekey" }, 0);
      return device;
    },
  };

  const type = fc.oneof(fc.integer({ min: 0, max: 0x0d }), fc.nat(255));
  const seq = fc.oneof(fc.nat(3), fc.constant(0xffff_ffff));
  /** A right frame with any type and payload. */
  const plain = fc
    .tuple(type, fc.uint8Array({ maxLength: 480 }), seq)
    .map(([kind, payload, number]) => plainFrame(kind, payload, number));
  /** One sealed by somebody who knows the keys, and may be the wrong end for it. */
  const sealed = fc
    .tuple(fc.constantFrom(fromDevice, fromGateway), type, seq, fc.uint8Array({ maxLength: 452 }))
    .map(([seal, kind, number, plaintext]) => seal(kind, number, plaintext));
  /** One of them with a byte changed behind the length, and its CRC made right or not. */
  const changed = fc
    .tuple(fc.oneof(plain, sealed), fc.nat(), fc.nat(255), fc.boolean())
    .map(([frame, at, value, right]) => {
      const copy = Uint8Array.from(frame);
      copy[10 + (at % (copy.length - 10))] = value;
      return right ? withCrc(copy) : copy;
    });
  const garbage = fc.uint8Array({ maxLength: 600 });
  const hostile = fc.array(fc.oneof(plain, sealed, changed, garbage), { maxLength: 6 });

  for (const [name, make] of Object.entries(states)) {
    it(`never throws out of receive: ${name}`, () => {
      const property = fc.property(hostile, fc.boolean(), (chunks, inOne) => {
        const end = make();
        for (const chunk of inOne ? [concat(...chunks)] : chunks) {
          end.receive(chunk);
          end.connection.handleDeadline(0);
          expect(end.connection.nextDeadline()).to.be.greaterThan(0);
        }
        // Reads the events: nothing may follow "closed".
        if (end.closed !== undefined) expect(end.connection.nextDeadline()).to.equal(Infinity);
      });
      fc.assert(property, { seed: 301, numRuns: 100 });
    });
  }
});

type Command =
  | { readonly do: "send"; readonly from: "device" | "gateway"; readonly size: number }
  | { readonly do: "rekey" | "ping"; readonly from: "device" | "gateway" }
  | { readonly do: "deliver"; readonly from: "device" | "gateway"; readonly length: number }
  | { readonly do: "wait"; readonly ms: number };

describe("two ends, with any commands", () => {
  const command: fc.Arbitrary<Command> = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant("send" as const), from: role, size: fc.oneof(fc.nat(20), fc.nat(1808)) }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("rekey" as const, "ping" as const), from: role }) },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("deliver" as const),
        from: role,
        length: fc.oneof(fc.nat(100), fc.nat(4000)),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(5000) }) },
  );

  /** PINGs are due all the time; nobody is given up, because a spec may let bytes lie for as long as it likes. */
  const keepalive = { pingAfterTxIdleMs: 3_000, pingAfterRxIdleMs: 4_000 };

  it("use no (key, nonce) twice, and deliver every message once and in order", () => {
    const property = fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      // One record for both ends: their keys differ, and a key that both sealed with would show, too.
      const pair = agreedPair({ crypto: watchingNonces(toyCrypto).crypto, keepalive });
      const sent = { device: [] as string[], gateway: [] as string[] };
      const advance = (ms: number): void => {
        pair.now += ms;
        for (const end of [pair.device, pair.gateway]) {
          if (end.connection.nextDeadline() <= pair.now) end.connection.handleDeadline(pair.now);
        }
      };
      for (const step of commands) {
        if (step.do === "wait") {
          advance(step.ms);
          continue;
        }
        const { connection } = pair[step.from];
        if (step.do === "send") {
          const message = counted(step.size, sent[step.from].length);
          sent[step.from].push(toHex(message));
          connection.send(message, pair.now);
        } else if (step.do === "deliver") {
          pair.deliver(pair.other(pair[step.from]), step.length);
        } else {
          // Whoever asks more often than the peer's allowance lets pass is a flood.
          advance(500);
          connection.request({ type: step.do }, pair.now);
        }
      }
      for (let turn = 0; turn < 6; turn++) {
        pair.settle();
        advance(1_000);
      }
      pair.settle();
      expect([pair.device.closed, pair.gateway.closed]).to.deep.equal([undefined, undefined]);
      for (const from of ["device", "gateway"] as const) {
        expect(pair.other(pair[from]).messages.map(toHex), `from the ${from}`).to.deep.equal(sent[from]);
      }
      // Nothing that was asked for is forgotten: no REKEY and no PONG is still owed.
      for (const end of [pair.device, pair.gateway]) expect(end.connection.outputLength).to.equal(0);
    });
    fc.assert(property, { seed: 401, numRuns: 150 });
  });
});
