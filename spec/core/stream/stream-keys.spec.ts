import { expect } from "chai";
import { hkdfSync } from "node:crypto";
import { concat } from "../../../lib/core/wire/bytes.js";
import { StreamOutbox } from "../../../lib/core/stream/stream-outbox.js";
import { StreamKeys } from "../../../lib/core/stream/stream-keys.js";
import type { Role } from "../../../lib/core/session/rekey-kdf.js";
import { FrameType } from "../../../lib/core/wire/wire.js";
import { counted, filled, NOTHING, toHex, utf8 } from "../../support/core-bytes.js";
import { crypto } from "../../support/core-crypto.js";
import { expectCode } from "../../support/core-errors.js";
import { asFrame, sealedFrame } from "../../support/core-frames.js";
import { agreedKeys, C2S, S2C, SESSION_ID } from "../../support/core-pair.js";

function schedule(role: Role): StreamKeys {
  return new StreamKeys({ crypto, cipher: "aes-256-gcm", sessionId: SESSION_ID }, role, agreedKeys());
}

function seal(subject: StreamKeys, text: string): Uint8Array {
  const outbox = new StreamOutbox();
  subject.tx.seal(FrameType.DATA, utf8(text), outbox);
  return concat(...outbox.take());
}

function open(subject: StreamKeys, frame: Uint8Array): string {
  return new TextDecoder().decode(subject.open(asFrame(frame)).plaintext);
}

/** §7, by node:crypto: what the initiator sends with, then what it receives with. */
function rekeyed(initiatorTx: Uint8Array, initiatorRx: Uint8Array, salt: Uint8Array): [Uint8Array, Uint8Array] {
  const info = concat(utf8("usmp-rekey"), SESSION_ID);
  const okm = new Uint8Array(hkdfSync("sha256", concat(initiatorTx, initiatorRx), salt, info, 64));
  return [okm.slice(0, 32), okm.slice(32)];
}

/** `seal` and `initiate` belong together: the number of REKEY is spent. */
function initiate(subject: StreamKeys, salt: Uint8Array): void {
  subject.tx.seal(FrameType.REKEY, salt, new StreamOutbox());
  subject.initiate(salt);
}

const SALT = counted(32, 0x20);
const OTHER_SALT = counted(32, 0x60);

describe("StreamKeys", () => {
  it("sends with its own direction's key and opens with the other's (§4)", () => {
    const device = schedule("device");
    const gateway = schedule("gateway");
    expect(device.tx.key).to.deep.equal(C2S.key);
    expect(gateway.tx.key).to.deep.equal(S2C.key);
    expect(open(gateway, seal(device, "up"))).to.equal("up");
    expect(open(device, seal(gateway, "down"))).to.equal("down");
  });

  for (const role of ["device", "gateway"] as const) {
    it(`derives the new keys as §7 says if the ${role} initiates, on both ends`, () => {
      const initiator = schedule(role);
      const responder = schedule(role === "device" ? "gateway" : "device");
      const [tx, rx] = role === "device" ? rekeyed(C2S.key, S2C.key, SALT) : rekeyed(S2C.key, C2S.key, SALT);
      initiator.initiate(SALT);
      expect(responder.respond(SALT)).to.equal(true);
      expect(toHex(initiator.tx.key)).to.equal(toHex(tx));
      expect(toHex(responder.tx.key)).to.equal(toHex(rx));
      expect([initiator.tx.nextSeq, responder.tx.nextSeq]).to.deep.equal([0, 0]);
      expect(open(responder, seal(initiator, "new"))).to.equal("new");
      expect(open(initiator, seal(responder, "new, too"))).to.equal("new, too");
    });
  }

  it("opens under the old key until the first frame under the new one, and not after (§7.3)", () => {
    const device = schedule("device");
    const gateway = schedule("gateway");
    const old = ["a", "b", "c"].map((text) => seal(gateway, text));
    device.initiate(SALT);
    expect(open(device, old[0]!)).to.equal("a");
    expect(open(device, old[1]!)).to.equal("b");
    gateway.respond(SALT);
    expect(open(device, seal(gateway, "new"))).to.equal("new");
    expectCode(() => open(device, old[2]!), "SEQUENCE");
  });

  it("shows which frame is the first under a new key, on both ends", () => {
    const device = schedule("device");
    const gateway = schedule("gateway");
    const first = (subject: StreamKeys, frame: Uint8Array) => subject.open(asFrame(frame)).firstUnderNewKey;
    const old = seal(gateway, "old");
    device.initiate(SALT);
    gateway.respond(SALT);
    expect(first(device, old)).to.equal(false);
    expect([first(device, seal(gateway, "1")), first(device, seal(gateway, "2"))]).to.deep.equal([true, false]);
    expect([first(gateway, seal(device, "1")), first(gateway, seal(device, "2"))]).to.deep.equal([true, false]);
  });

  it("is settled again once a frame verified under the new key, on both ends", () => {
    const device = schedule("device");
    const gateway = schedule("gateway");
    expect([device.settled, gateway.settled]).to.deep.equal([true, true]);
    device.initiate(SALT);
    gateway.respond(SALT);
    expect([device.settled, gateway.settled]).to.deep.equal([false, false]);
    open(gateway, seal(device, "up"));
    open(device, seal(gateway, "down"));
    expect([device.settled, gateway.settled]).to.deep.equal([true, true]);
  });

  it("lets the client's REKEY win if both cross, and derives it from the keys before either (§7.4)", () => {
    const device = schedule("device");
    const gateway = schedule("gateway");
    initiate(device, SALT);
    initiate(gateway, OTHER_SALT);
    const losing = ["1", "2"].map((text) => seal(gateway, text));

    expect(device.respond(OTHER_SALT), "the device goes on with its own").to.equal(false);
    expect(
      losing.map((frame) => open(device, frame)),
      "what the losing key sealed is read",
    ).to.deep.equal(["1", "2"]);
    expect(gateway.respond(SALT), "the gateway takes the device's").to.equal(true);

    const [c2s, s2c] = rekeyed(C2S.key, S2C.key, SALT);
    expect(toHex(device.tx.key)).to.equal(toHex(c2s));
    expect(toHex(gateway.tx.key)).to.equal(toHex(s2c));
    expect(open(gateway, seal(device, "up"))).to.equal("up");
    expect(open(device, seal(gateway, "down"))).to.equal("down");
    expect([device.settled, gateway.settled]).to.deep.equal([true, true]);
  });

  it("does not open frames under the losing key once one under the winning key has verified", () => {
    const device = schedule("device");
    const gateway = schedule("gateway");
    initiate(device, SALT);
    initiate(gateway, OTHER_SALT);
    const losing = seal(gateway, "late");
    device.respond(OTHER_SALT);
    gateway.respond(SALT);
    open(device, seal(gateway, "0"));
    expectCode(() => open(device, losing), "SEQUENCE");
  });

  it("rejects a second REKEY of a peer whose first one crossed ours", () => {
    const device = schedule("device");
    initiate(device, SALT);
    device.respond(OTHER_SALT);
    expectCode(() => device.respond(filled(32, 1)), "CRYPTO");
  });

  it("throws SEQUENCE if no key expects the number, CRYPTO if none verifies it", () => {
    const device = schedule("device");
    const forged = (seq: number) => () =>
      open(device, sealedFrame({ key: filled(32, 0), sessionId: SESSION_ID }, FrameType.DATA, seq));
    const gateway = schedule("gateway");
    for (let seq = 0; seq < 5; seq++) open(device, seal(gateway, "old"));
    expectCode(forged(5), "CRYPTO");
    expectCode(forged(0), "SEQUENCE");
    device.initiate(SALT);
    expectCode(forged(5), "CRYPTO");
    expectCode(forged(0), "CRYPTO");
    expect(expectCode(forged(1), "SEQUENCE").message).to.include("5 or 0");
  });

  for (const step of ["settled", "initiated", "crossed", "responded"] as const) {
    it(`wipes every key it holds if it is ${step}`, () => {
      const held: Uint8Array[] = [];
      const wiped = new Set<Uint8Array>();
      const watched = {
        ...crypto,
        aead: (...[cipher, key]: Parameters<typeof crypto.aead>) => {
          held.push(key);
          return crypto.aead(cipher, key);
        },
        wipe: (bytes: Uint8Array) => {
          wiped.add(bytes);
          crypto.wipe(bytes);
        },
      };
      const device = new StreamKeys(
        { crypto: watched, cipher: "aes-256-gcm", sessionId: SESSION_ID },
        "device",
        agreedKeys(),
      );
      if (step === "initiated" || step === "crossed") device.initiate(SALT);
      if (step === "crossed" || step === "responded") device.respond(OTHER_SALT);
      device.wipe();
      for (const key of held) expect(wiped.has(key)).to.equal(true);
      for (const bytes of wiped) expect(bytes.every((byte) => byte === 0)).to.equal(true);
      // Beside the keys in use: what they were derived from.
      const others = { settled: 0, initiated: 2 + 2, crossed: 2 + 2 + 3, responded: 2 }[step];
      expect(wiped.size - held.length).to.equal(others);
      expect(() => device.tx.seal(FrameType.PING, NOTHING, new StreamOutbox())).to.throw();
    });
  }
});
