/**
 * Adversarial case 53 over datagrams: both ends send messages and start to rotate their keys, in every order, and what is on
 * its way arrives in every order, where a fault is allowed with one datagram lost or doubled anywhere. Not sampled: every
 * schedule up to a depth is run, and from there on the network is good.
 */
import { expect } from "chai";
import { toyCrypto, watchingNonces } from "../../support/core-crypto.js";
import { utf8 } from "../../support/core-bytes.js";
import { establishedDatagramEnd, exchangeFor, type DatagramEnd } from "../../support/datagram-pair.js";

type Action = "send" | "sendLong" | "rekey";

interface Plan {
  readonly device: readonly Action[];
  readonly gateway: readonly Action[];
  readonly depth: number;
  /** Datagrams that may get lost, or come twice, in all. */
  readonly faults: number;
  /** The device rotates its keys by itself after so many frames. */
  readonly rekeyAfterFrames?: number;
}

interface Moving {
  readonly to: DatagramEnd;
  readonly datagram: Uint8Array;
}

const LONG = "x".repeat(500);

/** One schedule: what happened at each choice, and how many ways there were. */
class Run {
  readonly device: DatagramEnd;
  readonly gateway: DatagramEnd;
  readonly #sent = { device: [] as string[], gateway: [] as string[] };
  readonly #left: { readonly device: Action[]; readonly gateway: Action[] };
  #moving: Moving[] = [];
  #faults: number;

  constructor(plan: Plan) {
    const { crypto } = watchingNonces(toyCrypto);
    const { rekeyAfterFrames } = plan;
    const rotation = rekeyAfterFrames && { rotation: { rekeyAfterMs: 0, rekeyAfterFrames } };
    this.device = establishedDatagramEnd("device", { crypto, ...rotation });
    this.gateway = establishedDatagramEnd("gateway", { crypto });
    this.#left = { device: [...plan.device], gateway: [...plan.gateway] };
    this.#faults = plan.faults;
  }

  /** What may happen next. */
  get options(): (() => void)[] {
    const options: (() => void)[] = [];
    for (const role of ["device", "gateway"] as const)
      if (this.#left[role].length > 0) options.push(() => this.#act(role));
    for (const moving of this.#moving) {
      options.push(() => this.#deliver(moving, true));
      if (this.#faults === 0) continue;
      options.push(() => (this.#faults--, this.#remove(moving)));
      options.push(() => (this.#faults--, this.#deliver(moving, false)));
    }
    return options;
  }

  choose(option: () => void): void {
    option();
    for (const [from, to] of [
      [this.device, this.gateway],
      [this.gateway, this.device],
    ] as const)
      for (const datagram of from.output()) this.#moving.push({ to, datagram });
  }

  /** A good network from here on: everything that was begun comes to its end, and nothing was lost. */
  finish(): void {
    for (const { to, datagram } of this.#moving) to.receive(datagram);
    for (const role of ["device", "gateway"] as const) while (this.#left[role].length > 0) this.#act(role);
    exchangeFor(60_000, this.device, this.gateway);
    for (const role of ["device", "gateway"] as const) this.#send(role, "last");
    exchangeFor(60_000, this.device, this.gateway);
    expect([this.device.closed, this.gateway.closed]).to.deep.equal([undefined, undefined]);
    expect(this.gateway.texts).to.deep.equal(this.#sent.device);
    expect(this.device.texts).to.deep.equal(this.#sent.gateway);
    expect(this.device.rekeyed.length, "rotations, the same at both ends").to.equal(this.gateway.rekeyed.length);
    expect(this.device.rekeyed, "rotations").to.not.deep.equal([]);
  }

  #act(role: "device" | "gateway"): void {
    const action = this.#left[role].shift();
    if (action === "rekey") this[role].connection.request({ type: "rekey" }, this[role].now);
    else this.#send(role, action === "send" ? `${this.#sent[role].length}` : `${this.#sent[role].length}${LONG}`);
  }

  #send(role: "device" | "gateway", text: string): void {
    this.#sent[role].push(text);
    this[role].send(utf8(text));
  }

  #deliver(moving: Moving, remove: boolean): void {
    if (remove) this.#remove(moving);
    moving.to.receive(moving.datagram);
  }

  #remove(moving: Moving): void {
    this.#moving = this.#moving.filter((other) => other !== moving);
  }
}

/** Runs every schedule; how many there were. */
function enumerate(plan: Plan): number {
  let schedules = 0;
  const path: number[] = [];
  for (;;) {
    const run = new Run(plan);
    const widths: number[] = [];
    for (let at = 0; at < plan.depth; at++) {
      const { options } = run;
      if (options.length === 0) break;
      widths.push(options.length);
      path[at] ??= 0;
      run.choose(options[path[at]!]!);
    }
    path.length = widths.length;
    try {
      run.finish();
    } catch (cause) {
      throw new Error(`schedule ${path.join(" ")}: ${String(cause)}`, { cause });
    }
    schedules++;
    while (path.length > 0 && path.at(-1)! + 1 === widths[path.length - 1]) path.pop();
    if (path.length === 0) return schedules;
    path[path.length - 1]!++;
  }
}

describe("crossed REKEYs over datagrams (adversarial case 53)", () => {
  for (const [what, plan, schedules] of [
    ["two rotations", { device: ["rekey"], gateway: ["rekey"], depth: 12, faults: 0 }, 118],
    ["two rotations, one fault", { device: ["rekey"], gateway: ["rekey"], depth: 7, faults: 1 }, 784],
    [
      "messages before and behind",
      { device: ["send", "rekey", "send"], gateway: ["send", "rekey", "send"], depth: 8, faults: 0 },
      8112,
    ],
    [
      "messages behind, one fault",
      { device: ["rekey", "send"], gateway: ["rekey", "send"], depth: 7, faults: 1 },
      10479,
    ],
    [
      "a long message of the device's",
      { device: ["sendLong", "rekey"], gateway: ["rekey", "send"], depth: 8, faults: 0 },
      2528,
    ],
    [
      "a long message of the gateway's",
      { device: ["rekey", "send"], gateway: ["sendLong", "rekey"], depth: 8, faults: 0 },
      2528,
    ],
    [
      "a long message of the device's, one fault",
      { device: ["sendLong", "rekey"], gateway: ["rekey"], depth: 7, faults: 1 },
      3424,
    ],
    [
      "a long message of the gateway's, one fault",
      { device: ["rekey"], gateway: ["sendLong", "rekey"], depth: 7, faults: 1 },
      3424,
    ],
    [
      "long messages of both",
      { device: ["sendLong", "rekey"], gateway: ["sendLong", "rekey"], depth: 8, faults: 0 },
      3450,
    ],
    [
      "the device's by the frames that it sends or receives",
      { device: ["send", "send"], gateway: ["send", "rekey"], depth: 8, faults: 0, rekeyAfterFrames: 2 },
      2001,
    ],
    [
      "the device's by the frames that it sends or receives, one fault",
      { device: ["send", "send"], gateway: ["rekey"], depth: 6, faults: 1, rekeyAfterFrames: 2 },
      1235,
    ],
  ] as const satisfies readonly (readonly [string, Plan, number])[]) {
    it(`lose, double and reorder nothing in any schedule of ${plan.depth} steps: ${what}`, () => {
      expect(enumerate(plan)).to.equal(schedules);
    });
  }
});
