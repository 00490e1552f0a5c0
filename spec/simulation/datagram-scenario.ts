/**
 * One run of a device and a gateway over a bad network, drawn from a seed: when each sends, rotates its keys, pings or stops
 * reading for a while, and how much is lost, doubled, overtaken and delayed. All of it repeats for one seed.
 */
import { expect } from "chai";
import { isUsmpError, UsmpError } from "../../lib/errors.js";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import type { DatagramConditions } from "../../lib/testing/network/memory-conditions.js";
import { SeededRandom } from "../../lib/transport/random.js";
import { watchingNonces } from "../support/core-crypto.js";
import { EndLink, SimulatedEnd } from "./datagram-ends.js";

/** What came of a run, to be counted over many. */
export interface Outcome {
  readonly established: boolean;
  /** Whether the session outlived the script. */
  readonly survived: boolean;
  readonly sent: number;
  readonly delivered: number;
  readonly reported: number;
  readonly rekeyed: number;
  readonly retransmissions: number;
}

/** A `sendAsync`: its number in its direction, and how it ended. */
interface Sending {
  readonly number: number;
  outcome: "pending" | "acknowledged" | "rejected";
}

const LENGTHS = [0, 1, 31, 452, 453, 904, 905, 1808];

/** The script runs for this long, and then everything has this long to come to an end. */
const SCRIPT_MS = 8_000;
const SETTLING_MS = 120_000;

export async function runScenario(seed: number): Promise<Outcome> {
  const random = new SeededRandom(seed);
  const clock = new VirtualClock();
  const [toGateway, toDevice] = [drawConditions(random), drawConditions(random)];
  const seeds = new SeededRandom(seed);
  const deviceLink = new EndLink(clock, seeds.fork(), toGateway);
  const gatewayLink = new EndLink(clock, seeds.fork(), toDevice);
  [deviceLink.peer, gatewayLink.peer] = [gatewayLink, deviceLink];
  const { crypto } = watchingNonces();
  const gateway = new SimulatedEnd("gateway", gatewayLink, clock, crypto);
  const device = new SimulatedEnd("device", deviceLink, clock, crypto);
  const ways = [
    { from: device, to: gateway, sendings: [] as Sending[] },
    { from: gateway, to: device, sendings: [] as Sending[] },
  ];

  await clock.advance(15_000);
  const established = device.established && gateway.established;
  if (device.established) {
    const actions = 5 + random.below(25);
    const rekeys = random.chance(0.7) ? 0.15 : 0;
    for (let action = 0; action < actions; action++) {
      const way = ways[random.below(2)]!;
      act(way.from, way.sendings, random, rekeys, clock);
      if (random.chance(0.5)) await clock.advance(random.below((2 * SCRIPT_MS) / actions));
    }
  }
  // Until nothing waits any more: the slowest patience is 40 s a frame.
  for (let waited = 0; waited < SETTLING_MS && isBusy(ways); waited += 1_000) await clock.advance(1_000);
  const survived = device.ended === null && gateway.ended === null && !isBusy(ways);
  const retransmissions = device.driver.stats().retransmissions + gateway.driver.stats().retransmissions;
  await end(device, clock);
  await end(gateway, clock);

  // A pause of the script may outlive its session.
  await clock.advance(5_000);

  for (const { to, sendings } of ways) check(sendings, to.received, survived);
  expect(clock.pending, "timers left behind").to.equal(0);
  const all = ways.flatMap(({ sendings }) => sendings);
  return {
    established,
    survived,
    sent: all.length,
    delivered: device.received.length + gateway.received.length,
    reported: all.filter(({ outcome }) => outcome === "rejected").length,
    rekeyed: device.rekeyed + gateway.rekeyed,
    retransmissions,
  };
}

function drawConditions(random: SeededRandom): DatagramConditions {
  return {
    // Now and then so much that the session cannot live.
    loss: random.chance(0.2) ? 0 : random.chance(0.15) ? 0.5 + 0.4 * random.next() : 0.3 * random.next(),
    duplicate: random.chance(0.3) ? 0 : 0.3 * random.next(),
    reorder: random.chance(0.3) ? 0 : 0.3 * random.next(),
    reorderByMs: random.below(2_000),
    latencyMs: random.below(150),
    jitterMs: random.below(300),
  };
}

function act(end: SimulatedEnd, sendings: Sending[], random: SeededRandom, rekeys: number, clock: VirtualClock): void {
  const draw = random.next();
  if (end.ended !== null || !end.established) return;
  if (draw < rekeys) end.driver.request({ type: "rekey" });
  else if (draw < rekeys + 0.05) end.driver.request({ type: "ping" });
  else if (draw < rekeys + 0.1) {
    end.driver.setReading(false);
    clock.after(random.below(5_000), () => end.driver.setReading(true));
  } else send(end, sendings, LENGTHS[random.below(LENGTHS.length)]!);
}

/** The number of a message is its content, as far as there is room for it. */
function send(end: SimulatedEnd, sendings: Sending[], length: number): void {
  const sending: Sending = { number: sendings.length, outcome: "pending" };
  sendings.push(sending);
  end.driver.sendAsync(content(sending.number, length)).then(
    () => (sending.outcome = "acknowledged"),
    (error: unknown) => {
      if (!isUsmpError(error)) throw error;
      sending.outcome = "rejected";
    },
  );
}

function content(number: number, length: number): Uint8Array {
  // At least the number: what has no content cannot be told from another.
  return new Uint8Array(Math.max(length, 1)).fill(number);
}

function isBusy(ways: readonly { readonly sendings: readonly Sending[]; readonly from: SimulatedEnd }[]): boolean {
  return ways.some(
    ({ from, sendings }) => from.ended === null && sendings.some(({ outcome }) => outcome === "pending"),
  );
}

async function end({ driver, ended }: SimulatedEnd, clock: VirtualClock): Promise<void> {
  const closed = ended === null ? driver.close(new UsmpError("CLOSED", "the scenario is over")) : driver.finished;
  await clock.advance(2_000);
  await closed;
}

/** Each message at most once, in order and whole; every accepted send delivered or reported. */
function check(sendings: readonly Sending[], received: readonly Uint8Array[], survived: boolean): void {
  const numbers = received.map((data) => {
    expect(
      data.every((byte) => byte === data[0]),
      "a message of two",
    ).to.equal(true);
    return data[0]!;
  });
  for (let index = 1; index < numbers.length; index++) {
    expect(numbers[index]!, "a message twice, or out of order").to.be.greaterThan(numbers[index - 1]!);
  }
  const delivered = new Set(numbers);
  for (const { number, outcome } of sendings) {
    expect(outcome, `message ${number} is in limbo`).to.not.equal("pending");
    if (outcome === "acknowledged")
      expect(delivered.has(number), `message ${number} acknowledged and lost`).to.equal(true);
    if (survived) expect(outcome, `message ${number} given up in a session that lives`).to.equal("acknowledged");
  }
}
