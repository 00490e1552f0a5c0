/** adversarial-cases.md, "Rekey" and case 66, on a stream. The numbers are that list's. */
import { expect } from "chai";
import { concat } from "../../../lib/core/wire/bytes.js";
import type { CryptoProvider } from "../../../lib/core/crypto-provider.js";
import type { Role } from "../../../lib/core/session/rekey-kdf.js";
import { FrameType } from "../../../lib/core/wire/wire.js";
import { expectClosed, gatewayAfter, types } from "../../support/core-adversary.js";
import { counted, NOTHING, toHex, utf8 } from "../../support/core-bytes.js";
import { crypto, scripted, toyCrypto, watchingNonces } from "../../support/core-crypto.js";
import { sealedFrame } from "../../support/core-frames.js";
import { interleavings, type Step } from "../../support/core-interleavings.js";
import {
  agreedPair,
  C2S,
  establishedEnd,
  fromDevice,
  fromGateway,
  Pair,
  S2C,
  SESSION_ID,
  type End,
} from "../../support/core-pair.js";

const { DATA, DATA_FRAG, PING, REKEY } = FrameType;

describe("adversarial cases: rekey", () => {
  for (const initiator of ["device", "gateway"] as const) {
    it(`case 48: twenty frames under the old key after the ${initiator}'s REKEY are delivered, then the new key's`, () => {
      const pair = agreedPair();
      const other = pair.other(pair[initiator]);
      pair[initiator].connection.request({ type: "rekey" }, 0);
      for (let index = 0; index < 20; index++) other.connection.send(utf8(`old ${index}`), 0);
      pair.deliver(pair[initiator]);
      pair.deliver(other);
      other.connection.send(utf8("new"), 0);
      pair.settle();
      expect(pair[initiator].texts).to.deep.equal([...Array.from({ length: 20 }, (_, index) => `old ${index}`), "new"]);
      expect(pair[initiator].closed).to.equal(undefined);
    });
  }

  it("case 49: an old-key frame after a new-key frame closes SEQUENCE, or CRYPTO if the number fits", () => {
    for (const [oldSeq, code] of [
      [0, "SEQUENCE"],
      [1, "CRYPTO"],
    ] as const) {
      const pair = agreedPair();
      pair.device.connection.request({ type: "rekey" }, 0);
      pair.settle();
      pair.gateway.connection.send(NOTHING, 0);
      pair.settle();
      pair.device.receive(fromGateway(PING, oldSeq));
      expect(pair.device.closed).to.equal(code);
    }
  });

  it("case 49: so it does at the responder, whose old key is gone at once", () => {
    const gateway = gatewayAfter(fromDevice(REKEY, 0, counted(32)), fromDevice(DATA, 1));
    expectClosed(gateway, "SEQUENCE");
  });

  it("case 50: a verified REKEY with any other salt than 32 bytes closes CRYPTO", () => {
    for (const length of [0, 31, 33, 452]) expectClosed(gatewayAfter(fromDevice(REKEY, 0, counted(length))), "CRYPTO");
    expectClosed(gatewayAfter(fromDevice(REKEY, 0, counted(32))), undefined);
  });

  it("case 51: REKEY between fragments closes FRAGMENT", () => {
    expectClosed(gatewayAfter(fromDevice(DATA_FRAG, 0, counted(452)), fromDevice(REKEY, 1, counted(32))), "FRAGMENT");
  });

  it("case 51: a first frame under the new key while part of a message is held closes FRAGMENT, never whole", () => {
    for (const type of [DATA, DATA_FRAG, PING]) {
      const salt = counted(32, 0x20);
      const device = establishedEnd("device", { crypto: scripted({ random: [salt] }) });
      device.connection.request({ type: "rekey" }, 0);
      device.receive(fromGateway(DATA_FRAG, 0, counted(452)));
      const info = concat(utf8("usmp-rekey"), SESSION_ID);
      const key = crypto.hkdfSha256(concat(C2S.key, S2C.key), salt, info, 64).slice(32);
      device.receive(sealedFrame({ key, sessionId: SESSION_ID }, type, 0, type === PING ? NOTHING : counted(10)));
      expectClosed(device, "FRAGMENT");
    }
  });

  it("case 66: a second REKEY while the first is unconfirmed waits behind a PING", () => {
    for (const role of ["device", "gateway"] as const) {
      const end = establishedEnd(role);
      for (const now of [0, 5_000, 6_000]) end.connection.request({ type: "rekey" }, now);
      expect(types(end.frames()), role).to.deep.equal([REKEY, PING]);
    }
  });

  it("case 66: the second one follows the PONG, and everything arrives", () => {
    for (const initiator of ["device", "gateway"] as const) {
      const pair = agreedPair();
      const { connection } = pair[initiator];
      const other = pair.other(pair[initiator]);
      connection.send(utf8("1"), 0);
      connection.request({ type: "rekey" }, 0);
      connection.send(utf8("2"), 0);
      other.connection.send(utf8("a"), 0);
      pair.now = 5_000;
      connection.request({ type: "rekey" }, pair.now);
      connection.send(utf8("3"), pair.now);
      pair.settle();
      connection.send(utf8("4"), pair.now);
      other.connection.send(utf8("b"), pair.now);
      pair.settle();
      expect(other.texts).to.deep.equal(["1", "2", "3", "4"]);
      expect(pair[initiator].texts).to.deep.equal(["a", "b"]);
      expect(pair[initiator].events.filter(({ type }) => type === "rekeyed")).to.have.lengthOf(2);
      expect([pair.device.closed, pair.gateway.closed]).to.deep.equal([undefined, undefined]);
    }
  });

  it("case 66: an unconfirmed REKEY ends TIMEOUT if the peer stays silent", () => {
    const device = establishedEnd("device", { keepalive: { pongTimeoutMs: 30_000 } });
    device.connection.request({ type: "rekey" }, 0);
    device.connection.request({ type: "rekey" }, 1_000);
    device.connection.handleDeadline(30_999);
    expectClosed(device, undefined);
    device.connection.handleDeadline(31_000);
    expectClosed(device, "TIMEOUT");
  });
});

/** How many messages one side sends before and after its REKEY. */
interface Counts {
  readonly before: number;
  readonly after: number;
}

const DEVICE_SALT = counted(32, 0x20);
const GATEWAY_SALT = counted(32, 0x60);

/** Two ends that both ask for a REKEY. Each call of `act` is the next message of one, or its REKEY. */
class TwoRekeys {
  readonly #pair: Pair;
  readonly #base: CryptoProvider;
  readonly #sealingKeys = { device: [] as string[], gateway: [] as string[] };
  readonly #plan: Record<Role, Counts>;
  readonly #acts = { device: 0, gateway: 0 };
  readonly #sent = { device: [] as string[], gateway: [] as string[] };

  constructor(base: CryptoProvider, plan: Record<Role, Counts>) {
    this.#base = base;
    this.#plan = plan;
    const end = (role: Role, salt: Uint8Array): End => {
      const watched = watchingNonces(base);
      this.#sealingKeys[role] = watched.sealingKeys;
      return establishedEnd(role, { crypto: scripted({ random: [salt] }, watched.crypto) });
    };
    this.#pair = new Pair(end("device", DEVICE_SALT), end("gateway", GATEWAY_SALT));
  }

  act(role: Role): void {
    if (this.#acts[role]++ === this.#plan[role].before) this.#pair[role].connection.request({ type: "rekey" }, 0);
    else this.#send(role);
  }

  /** Delivers frames of the peer's. */
  take(role: Role, count: number): void {
    this.#pair.deliverFrames(this.#pair[role], count);
  }

  /** Delivers the rest, sends once more both ways, and gives back what went wrong, or null. */
  failure(): string | null {
    this.#pair.settle();
    for (const role of ROLES) this.#send(role);
    this.#pair.settle();
    for (const role of ROLES) {
      const end = this.#pair[role];
      if (end.closed !== undefined) return `the ${role} closed ${end.closed}`;
      const arrived = this.#pair.other(end).texts.join();
      if (arrived !== this.#sent[role].join()) return `of the ${role}'s messages ${arrived} arrived`;
    }
    return null;
  }

  /** Whether both send with what the client's REKEY gives, derived from the keys before either (§7.4). */
  get clientWon(): boolean {
    const info = concat(utf8("usmp-rekey"), SESSION_ID);
    const expected = toHex(this.#base.hkdfSha256(concat(C2S.key, S2C.key), DEVICE_SALT, info, 64));
    return ROLES.map((role) => this.#sealingKeys[role].at(-1)).join("") === expected;
  }

  #send(role: Role): void {
    const text = `${role} ${this.#sent[role].length}`;
    this.#sent[role].push(text);
    this.#pair[role].connection.send(utf8(text), 0);
  }
}

const ROLES = ["device", "gateway"] as const;

/**
 * Every interleaving in which the REKEYs cross; gives back how many there are. The messages before a REKEY, and the REKEY, are on
 * their way already when the first frame is taken: an end that takes some of the peer's earlier messages before it sends its own
 * REKEY does nothing else, because until a REKEY is taken what it sends and what it takes do not know of each other.
 */
function tryCrossed(base: CryptoProvider, device: Counts, gateway: Counts): number {
  const actions = (own: Counts, peer: Counts) => ({ send: own.after, take: peer.before + 1 + peer.after });
  const inFlight = { device: device.before + 1, gateway: gateway.before + 1 };
  let tried = 0;
  for (const order of interleavings(
    { device: actions(device, gateway), gateway: actions(gateway, device) },
    inFlight,
  )) {
    const subject = new TwoRekeys(base, { device, gateway });
    for (const role of ROLES) for (let count = 0; count < inFlight[role]; count++) subject.act(role);
    run(subject, order);
    if (!subject.clientWon) expect.fail(`the client's REKEY did not win after ${say(order)}`);
    tried++;
  }
  return tried;
}

/** Every interleaving at all: REKEYs that cross, and REKEYs that follow each other. */
function tryAnyOrder(base: CryptoProvider, device: Counts, gateway: Counts): number {
  const length = { device: device.before + 1 + device.after, gateway: gateway.before + 1 + gateway.after };
  const actions = {
    device: { send: length.device, take: length.gateway },
    gateway: { send: length.gateway, take: length.device },
  };
  let tried = 0;
  for (const order of interleavings(actions, { device: 0, gateway: 0 })) {
    run(new TwoRekeys(base, { device, gateway }), order);
    tried++;
  }
  return tried;
}

function run(subject: TwoRekeys, order: readonly Step[]): void {
  for (let at = 0; at < order.length;) {
    const { role, action } = order[at++]!;
    let count = 1;
    // Frames that are taken one behind the other come in one chunk.
    for (; action === "take" && order[at]?.role === role && order[at]?.action === action; at++) count++;
    if (action === "send") subject.act(role);
    else subject.take(role, count);
  }
  const failure = subject.failure();
  if (failure !== null) expect.fail(`${failure} after ${say(order)}`);
}

function say(order: readonly Step[]): string {
  return order.map(({ role, action }) => `${role} ${action}`).join(", ");
}

/** All counts from 0 to `most` on both sides; gives back how many interleavings `attempt` tried in all. */
function forAllCounts(most: number, attempt: (device: Counts, gateway: Counts) => number): number {
  const upTo = Array.from({ length: most + 1 }, (_, count) => count);
  const counts = upTo.flatMap((before) => upTo.map((after) => ({ before, after })));
  return counts
    .flatMap((device) => counts.map((gateway) => attempt(device, gateway)))
    .reduce((sum, tried) => sum + tried);
}

describe("adversarial cases: both sides send REKEY, on a stream", () => {
  // The totals show that no order was left out.
  it("case 53: every interleaving delivers all and the client's wins, with 0 to 2 messages before and after each", () => {
    expect(forAllCounts(2, (device, gateway) => tryCrossed(toyCrypto, device, gateway))).to.equal(2944);
  });

  it("case 53: so does every interleaving with 3 messages before and after on both sides", () => {
    const three = { before: 3, after: 3 };
    expect(tryCrossed(toyCrypto, three, three)).to.equal(12_375);
  });

  it("case 53: so does the real cipher, with up to 1 message before and after each", () => {
    expect(forAllCounts(1, (device, gateway) => tryCrossed(crypto, device, gateway))).to.equal(69);
  });

  it("case 53: whichever REKEY comes first, or if they cross, every interleaving delivers all, with up to 1 message before and after", () => {
    expect(forAllCounts(1, (device, gateway) => tryAnyOrder(toyCrypto, device, gateway))).to.equal(502);
  });
});
