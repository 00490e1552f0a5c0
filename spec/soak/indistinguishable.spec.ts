/**
 * Case 16 on a real socket, in time. What is computed is compared exactly by spec/core/handshake/psk-verifier.spec.ts;
 * this finds what else could tell: another path through the driver, a timer, a second turn of the event loop.
 */
import { randomBytes } from "node:crypto";
import { expect } from "chai";
import type { PskEntry } from "../../lib/session/psk-source.js";
import { utf8 } from "../support/core-bytes.js";
import { EchoGateway } from "../support/session-echo.js";
import { HOSTILE_ID, HostileDevice } from "../support/session-hostile.js";
import { DEVICE_A, TEXT_PSK } from "../support/session-network.js";

const WRONG_PSK = utf8("a wrong key of 20 bytes");
const ROTATED: PskEntry = { key: TEXT_PSK, previousKey: "the key before, long enough" };
/** As many as it takes to make medians steady; both kinds alternate, so that a busy machine slows both alike. */
const ROUNDS = 200;

const UNLIMITED = {
  lockoutAfterFailures: 1_000_000,
  maxHandshakesPerSecond: 1_000_000,
  maxHandshakesPerSecondPerAddress: 1_000_000,
  handshakeBurstPerAddress: 1_000_000,
};

interface Attempt {
  /** Each frame as `type length`, and how the connection ended. */
  readonly seen: string[];
  readonly challengeMs: number;
  readonly refusalMs: number;
}

async function attempt(port: number, deviceId: Uint8Array): Promise<Attempt> {
  const device = await HostileDevice.connect(port, { deviceId, psk: WRONG_PSK });
  const seen: string[] = [];
  device.socket.on("end", () => seen.push("end"));
  const closed = new Promise((resolve) =>
    device.socket.on("close", (hadError) => resolve(seen.push(`close ${hadError}`))),
  );
  const challenged = new Promise((resolve) => device.socket.once("data", resolve));
  let start = performance.now();
  const proving = device.prove();
  await challenged;
  const challengeMs = performance.now() - start;
  const proof = await proving;
  start = performance.now();
  device.write(proof);
  await closed;
  const refusalMs = performance.now() - start;
  for (let at = 0; at < device.received.length;) {
    const length = 12 + (device.received[at + 8]! | (device.received[at + 9]! << 8));
    seen.unshift(`${device.received[at + 3]} ${length}`);
    at += length;
  }
  return { seen, challengeMs, refusalMs };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/** The medians of alternating attempts of a known device with a wrong key, and of devices that nobody knows. */
async function compare(port: number, rounds: number) {
  const attempts = { known: [] as Attempt[], unknown: [] as Attempt[] };
  for (let round = 0; round < rounds; round++) {
    const known = async (): Promise<unknown> => attempts.known.push(await attempt(port, HOSTILE_ID));
    const unknown = async (): Promise<unknown> => attempts.unknown.push(await attempt(port, randomBytes(6)));
    // Neither always goes first.
    for (const one of round % 2 === 0 ? [known, unknown] : [unknown, known]) await one();
  }
  const medians = (of: readonly Attempt[]) => ({
    challengeMs: median(of.map(({ challengeMs }) => challengeMs)),
    refusalMs: median(of.map(({ refusalMs }) => refusalMs)),
  });
  const seen = new Set([...attempts.known, ...attempts.unknown].map((each) => each.seen.join(", ")));
  return { known: medians(attempts.known), unknown: medians(attempts.unknown), seen: [...seen] };
}

describe("adversarial: an unknown device and a wrong key, in time", function () {
  this.timeout(120_000);

  let gateway: EchoGateway;

  afterEach(() => gateway.stop());

  for (const [what, psk] of [
    ["one key", { [DEVICE_A]: TEXT_PSK }],
    ["two keys", { [DEVICE_A]: ROTATED }],
    ["a key function", (id: string) => (id === DEVICE_A ? TEXT_PSK : null)],
  ] as const) {
    it(`case 16: take the same time, where the device has ${what}`, async () => {
      gateway = await EchoGateway.start({ psk, ...UNLIMITED });
      await compare(gateway.port, 20);
      const { known, unknown, seen } = await compare(gateway.port, ROUNDS);
      expect(seen).to.deep.equal(["2 76, end, close false"]);
      for (const of of ["challengeMs", "refusalMs"] as const) {
        // Generous: a busy machine must not fail it. What it is there to find takes milliseconds.
        const allowed = 0.2 + 0.5 * Math.min(known[of], unknown[of]);
        expect(Math.abs(known[of] - unknown[of]), `${of}: ${known[of]} and ${unknown[of]}`).to.be.below(allowed);
      }
    });
  }

  it("would be told apart by this measure where a store takes some milliseconds longer for one of them", async () => {
    const psk = async (id: string) => {
      if (id !== DEVICE_A) return null;
      await new Promise((resolve) => setTimeout(resolve, 5));
      return TEXT_PSK;
    };
    gateway = await EchoGateway.start({ psk, ...UNLIMITED });
    const { known, unknown } = await compare(gateway.port, 40);
    expect(known.challengeMs - unknown.challengeMs).to.be.greaterThan(0.5 + 0.5 * unknown.challengeMs);
  });
});
