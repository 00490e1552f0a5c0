/**
 * Adversarial case 53 on a stream, where more than whole messages is under way: fragmented ones, and a device that rotates its
 * keys by itself. Every order in which both ends can act and take each other's frames one by one, up to orders that neither
 * end could tell apart; not sampled.
 */
import { expect } from "chai";
import type { Role } from "../../../lib/core/session/rekey-kdf.js";
import type { RotationOptions } from "../../../lib/core/session/rekey-policy.js";
import { utf8 } from "../../support/core-bytes.js";
import { scripted, toyCrypto, watchingNonces } from "../../support/core-crypto.js";
import { establishedEnd, Pair } from "../../support/core-pair.js";

/** `send`: a message of one frame; `long`: of two, a take may fall between them; `age`: the keys' time is up. */
type Action = "send" | "long" | "rekey" | "age";
type Step = Action | "take";

interface Plan {
  readonly device: readonly Action[];
  readonly gateway: readonly Action[];
  /** The device's. */
  readonly rotation?: RotationOptions;
}

const LONG = "x".repeat(500);
const AGE_MS = 60_000;

/** How many frames an action puts on the wire, sooner or later. */
const FRAMES: Record<Action, number> = { send: 1, long: 2, rekey: 1, age: 1 };

/** Salts differ, and tell in a failure whose keys they are. */
function saltsOf(first: number): Uint8Array[] {
  return Array.from({ length: 8 }, (_, index) => new Uint8Array(32).fill(first + index));
}

class Ends {
  readonly #pair: Pair;
  readonly #sent = { device: [] as string[], gateway: [] as string[] };
  #deviceNow = 0;

  constructor({ rotation }: Plan) {
    const crypto = (first: number) => scripted({ random: saltsOf(first) }, watchingNonces(toyCrypto).crypto);
    this.#pair = new Pair(
      establishedEnd("device", { crypto: crypto(0x20), ...(rotation && { rotation }) }),
      establishedEnd("gateway", { crypto: crypto(0x60) }),
    );
  }

  /** Whether the step could be done. */
  step(role: Role, step: Step): boolean {
    const end = this.#pair[role];
    if (step === "take") {
      if (this.#pair.inFlight(end).length === 0) return false;
      this.#pair.now = this.#nowOf(role);
      this.#pair.deliverFrames(end, 1);
    } else if (step === "rekey") {
      end.connection.request({ type: "rekey" }, this.#nowOf(role));
    } else if (step === "age") {
      this.#deviceNow = AGE_MS;
      end.connection.handleDeadline(AGE_MS);
    } else {
      this.#send(role, step === "long" ? LONG : "");
    }
    return true;
  }

  /** Delivers the rest, sends once more both ways; what went wrong, or null. */
  failure(): string | null {
    this.#settle();
    for (const role of ["device", "gateway"] as const) this.#send(role, "");
    this.#settle();
    for (const role of ["device", "gateway"] as const) {
      const end = this.#pair[role];
      if (end.closed !== undefined) return `the ${role} closed ${end.closed}`;
      const arrived = this.#pair.other(end).texts;
      if (arrived.join() !== this.#sent[role].join()) return `of the ${role}'s messages ${arrived.length} arrived`;
    }
    return this.rotatedByItself ? null : "the device did not rotate its keys";
  }

  get rotatedByItself(): boolean {
    return this.#pair.device.events.some((event) => event.type === "rekeyed" && event.by === "self");
  }

  #settle(): void {
    this.#pair.now = this.#deviceNow;
    this.#pair.settle();
  }

  #nowOf(role: Role): number {
    return role === "device" ? this.#deviceNow : 0;
  }

  #send(role: Role, rest: string): void {
    const text = `${role} ${this.#sent[role].length}${rest}`;
    this.#sent[role].push(text);
    this.#pair[role].connection.send(utf8(text), this.#nowOf(role));
  }
}

/** Every order of one end's own actions, which stay in their order, among `takes` takes. */
function* histories(actions: readonly Action[], takes: number): Generator<readonly Step[]> {
  const [first, ...others] = actions;
  if (first === undefined && takes === 0) yield [];
  if (first !== undefined) for (const rest of histories(others, takes)) yield [first, ...rest];
  if (takes > 0) for (const rest of histories(actions, takes - 1)) yield ["take", ...rest];
}

/** Whether both histories can happen together, and then went well: an end takes only what its peer has sent before. */
function happened(plan: Plan, device: readonly Step[], gateway: readonly Step[]): boolean {
  const ends = new Ends(plan);
  const at = { device: 0, gateway: 0 };
  const local = { device, gateway };
  const goOn = (role: Role): boolean => {
    const step = local[role][at[role]];
    if (step === undefined || !ends.step(role, step)) return false;
    at[role]++;
    return true;
  };
  for (let moved = true; moved;) {
    moved = false;
    for (const role of ["device", "gateway"] as const) while (goOn(role)) moved = true;
  }
  if (at.device < device.length || at.gateway < gateway.length) return false;
  const failure = ends.failure();
  if (failure !== null) expect.fail(`${failure} after device ${device.join(" ")}, gateway ${gateway.join(" ")}`);
  return true;
}

/** Tries every order; how many there were. */
function enumerate(plan: Plan): number {
  const frames = (actions: readonly Action[]): number => actions.reduce((sum, action) => sum + FRAMES[action], 0);
  // What the device's own rotation puts on the wire besides.
  const rotations = plan.rotation !== undefined && !plan.device.includes("age") ? 1 : 0;
  const ofGateway = [...histories(plan.gateway, frames(plan.device) + rotations)];
  let orders = 0;
  for (const device of histories(plan.device, frames(plan.gateway))) {
    for (const gateway of ofGateway) if (happened(plan, device, gateway)) orders++;
  }
  return orders;
}

describe("crossed REKEYs on a stream, frame by frame (adversarial case 53)", () => {
  // The totals show that no order was left out.
  for (const [what, plan, orders] of [
    ["a long message before each", { device: ["long", "rekey"], gateway: ["long", "rekey"] }, 53],
    ["a long message behind each", { device: ["rekey", "long"], gateway: ["rekey", "long"] }, 40],
    ["long before the device's, behind the gateway's", { device: ["long", "rekey"], gateway: ["rekey", "long"] }, 44],
    ["long behind the device's, before the gateway's", { device: ["rekey", "long"], gateway: ["long", "rekey"] }, 44],
    [
      "long before and a short one behind each",
      { device: ["long", "rekey", "send"], gateway: ["long", "rekey", "send"] },
      613,
    ],
    [
      "a short one before and long behind each",
      { device: ["send", "rekey", "long"], gateway: ["send", "rekey", "long"] },
      333,
    ],
    ["long before and behind each", { device: ["long", "rekey", "long"], gateway: ["long", "rekey", "long"] }, 1023],
    [
      "the device's by its age, messages before and behind each",
      {
        device: ["send", "age", "send"],
        gateway: ["send", "rekey", "send"],
        rotation: { rekeyAfterMs: AGE_MS, rekeyAfterFrames: 1_000 },
      },
      187,
    ],
    [
      "the device's by its age, between long messages of both",
      {
        device: ["long", "age"],
        gateway: ["long", "rekey", "long"],
        rotation: { rekeyAfterMs: AGE_MS, rekeyAfterFrames: 1_000 },
      },
      179,
    ],
    [
      "the device's by the frames that it sends or receives",
      {
        device: ["send", "send", "send"],
        gateway: ["send", "rekey", "send"],
        rotation: { rekeyAfterMs: 0, rekeyAfterFrames: 2 },
      },
      184,
    ],
  ] as const satisfies readonly (readonly [string, Plan, number])[]) {
    it(`every order delivers every message whole and in order: ${what}`, () => {
      expect(enumerate(plan)).to.equal(orders);
    });
  }
});
