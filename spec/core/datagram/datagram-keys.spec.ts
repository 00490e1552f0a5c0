import { expect } from "chai";
import { DatagramKeys, type OpenedDatagram } from "../../../lib/core/datagram/datagram-keys.js";
import { OneFrame, readDatagram } from "../../../lib/core/wire/datagram-frame.js";
import type { Frame } from "../../../lib/core/wire/frame.js";
import { deriveRekeyed, type Role } from "../../../lib/core/session/rekey-kdf.js";
import { OpeningKey, SealingKey } from "../../../lib/core/session/frame-cipher.js";
import { FrameType, type SessionType } from "../../../lib/core/wire/wire.js";
import { filled, toHex, utf8 } from "../../support/core-bytes.js";
import { crypto } from "../../support/core-crypto.js";
import { agreedKeys, SESSION_ID } from "../../support/core-pair.js";

const SALT = filled(32, 0x5a);
const OTHER_SALT = filled(32, 0xa5);

function keysOf(role: Role): DatagramKeys {
  return new DatagramKeys({ crypto, cipher: "aes-256-gcm", sessionId: SESSION_ID }, role, agreedKeys());
}

function seal(keys: DatagramKeys, type: SessionType, plaintext = utf8("x")): Frame {
  const frame = new OneFrame();
  keys.tx.seal(type, plaintext, frame);
  return readDatagram(frame.bytes)!;
}

function data(keys: DatagramKeys): Frame {
  return seal(keys, FrameType.DATA);
}

/** Opens a frame that has to verify, and takes it. */
function take(keys: DatagramKeys, frame: Frame): OpenedDatagram {
  const opened = keys.open(frame);
  if (opened === null) throw new Error("the frame does not verify");
  keys.take(frame, opened);
  return opened;
}

function initiate(keys: DatagramKeys, salt = SALT): Frame {
  keys.initiate(salt);
  return seal(keys, FrameType.REKEY, salt);
}

function respond(keys: DatagramKeys, rekey: Frame): Uint8Array | null {
  const opened = keys.open(rekey);
  return opened === null || keys.ignores(opened) ? null : keys.respond(rekey, opened);
}

describe("DatagramKeys", () => {
  let device: DatagramKeys;
  let gateway: DatagramKeys;

  beforeEach(() => {
    device = keysOf("device");
    gateway = keysOf("gateway");
  });

  /** Frames flow both ways under the same keys. */
  function expectAgreement(): void {
    for (const [from, to] of [
      [device, gateway],
      [gateway, device],
    ] as const) {
      expect(take(to, data(from)).copied).to.equal(null);
    }
    expect([device.settled, gateway.settled]).to.deep.equal([true, true]);
  }

  it("opens what the other end seals, and shows whether it was taken before", () => {
    const frame = data(device);
    expect(take(gateway, frame)).to.deep.include({ copied: null, confirms: null });
    expect(gateway.open(frame)?.copied).to.equal("newest");
    expect(device.open(frame), "its own, reflected").to.equal(null);
    expectAgreement();
  });

  it("does not open a frame that is 64 behind, and opening changes nothing", () => {
    const frames = Array.from({ length: 65 }, () => data(device));
    take(gateway, frames[64]!);
    expect(gateway.open(frames[0]!)).to.equal(null);
    expect(gateway.open(frames[1]!)?.copied).to.equal(null);
    expect(gateway.open(frames[1]!)?.copied).to.equal(null);
  });

  it("rotates: the initiator seals under the new key once its REKEY is acknowledged (§7)", () => {
    const rekey = initiate(device);
    expect(device.awaitsUtack).to.equal(true);
    expect(device.settled).to.equal(false);
    const utack = respond(gateway, rekey)!;
    expect(utack).to.have.lengthOf(15);
    expect(gateway.awaitsSwitch).to.equal(true);
    device.acknowledged();
    device.acknowledged();
    expect(device.awaitsUtack).to.equal(false);
    gateway.switchSending();
    gateway.switchSending();
    expect(take(gateway, data(device)).confirms).to.equal("peer");
    expect(take(device, data(gateway)).confirms).to.equal("own");
    expectAgreement();
  });

  it("takes the first frame under the new key for the acknowledgement (§7.3)", () => {
    respond(gateway, initiate(device));
    gateway.switchSending();
    expect(take(device, data(gateway)).confirms).to.equal("own");
    expect(device.awaitsUtack).to.equal(false);
    expectAgreement();
  });

  it("opens under both keys until the first frame under the new one, each with a window of its own", () => {
    const old = [data(gateway), data(gateway), data(gateway)];
    respond(gateway, initiate(device));
    take(device, old[0]!);
    device.acknowledged();
    take(device, old[1]!);
    gateway.switchSending();
    const first = data(gateway);
    expect(first.seq).to.equal(0);
    take(device, first);
    expect(device.open(old[2]!), "under the retired key").to.equal(null);
    expectAgreement();
  });

  it("finishes a message that the responder has begun under the old key (§7.3)", () => {
    respond(gateway, initiate(device));
    const rest = data(gateway);
    expect(take(device, rest).confirms).to.equal(null);
    device.acknowledged();
    take(gateway, data(device));
    expect(gateway.settled, "it still has to switch").to.equal(false);
    gateway.switchSending();
    take(device, data(gateway));
    expectAgreement();
  });

  it("answers the same REKEY with the same UTACK until the first frame under the new key (case 52)", () => {
    const rekey = initiate(device);
    const utack = respond(gateway, rekey)!;
    expect(gateway.open(rekey), "its key is retired").to.equal(null);
    expect(gateway.utackAgain(rekey)).to.deep.equal(utack);
    expect(gateway.utackAgain(data(device)), "another frame").to.equal(null);
    device.acknowledged();
    take(gateway, data(device));
    expect(gateway.utackAgain(rekey)).to.equal(null);
  });

  it("may be acknowledged under the old key or the new one", () => {
    expect(device.rekeyUtackKeys).to.have.lengthOf(1);
    initiate(device);
    expect(device.rekeyUtackKeys.map(toHex)).to.have.lengthOf(2);
    expect(new Set(device.rekeyUtackKeys.map(toHex)).size).to.equal(2);
  });

  for (const [sent, first] of [
    [0, 0],
    [63, 0],
    [64, 65],
    [70, 71],
  ] as const) {
    it(`goes on at ${first} after ${sent} frames and the REKEY under the old key (§7)`, () => {
      for (let index = 0; index < sent; index++) data(device);
      initiate(device);
      device.acknowledged();
      expect(device.tx.nextSeq).to.equal(first);
    });
  }

  it("keeps the numbers of several rotations apart, and shows when there is no room for another", () => {
    expect(device.canRotate).to.equal(true);
    const far = keysOf("device");
    Object.defineProperty(far.tx, "nextSeq", { value: 2 ** 31 });
    expect(far.canRotate).to.equal(false);
  });

  describe("crossed REKEYs", () => {
    it("end on the device's keys, whichever REKEY arrives first (case 53)", () => {
      const ours = initiate(device);
      const theirs = initiate(gateway, OTHER_SALT);
      expect(respond(device, theirs), "the device does not acknowledge it").to.equal(null);
      expect(device.awaitsUtack).to.equal(true);
      expect(respond(gateway, ours)).to.have.lengthOf(15);
      expect(gateway.awaitsUtack).to.equal(false);
      gateway.switchSending();
      device.acknowledged();
      take(gateway, data(device));
      take(device, data(gateway));
      expectAgreement();
    });

    it("leave a late copy of the dropped one without effect, before and after (case 65)", () => {
      const ours = initiate(device);
      const theirs = initiate(gateway, OTHER_SALT);
      respond(gateway, ours);
      device.acknowledged();
      expect(respond(device, theirs), "acknowledged, and the old key still opens").to.equal(null);
      gateway.switchSending();
      take(device, data(gateway));
      expect(device.open(theirs), "the old key is wiped").to.equal(null);
      take(gateway, data(device));
      expectAgreement();
    });
  });

  it("takes a REKEY under the new key of its own for both: confirmation, and rotation", () => {
    respond(gateway, initiate(device));
    gateway.switchSending();
    take(gateway, (device.acknowledged(), data(device)));
    const second = initiate(gateway, OTHER_SALT);
    expect(respond(device, second)).to.have.lengthOf(15);
    device.switchSending();
    gateway.acknowledged();
    take(gateway, data(device));
    take(device, data(gateway));
    expectAgreement();
  });

  it("follows a peer that rotates twice before this end has switched", () => {
    const context = { crypto, cipher: "aes-256-gcm", sessionId: SESSION_ID } as const;
    const { c2s, s2c } = agreedKeys().keys;
    const once = deriveRekeyed(context, c2s, s2c, SALT);
    const twice = deriveRekeyed(context, ...once, OTHER_SALT);
    const sealed = (key: Uint8Array, type: SessionType, plaintext: Uint8Array): Frame => {
      const frame = new OneFrame();
      new SealingKey(context, Uint8Array.from(key)).seal(type, plaintext, frame);
      return readDatagram(frame.bytes)!;
    };
    respond(gateway, sealed(c2s, FrameType.REKEY, SALT));
    respond(gateway, sealed(once[0], FrameType.REKEY, OTHER_SALT));
    expect(take(gateway, sealed(twice[0], FrameType.DATA, utf8("x"))).confirms).to.equal("peer");
    gateway.switchSending();
    expect(new OpeningKey(context, twice[1]).open(data(gateway))).to.deep.equal(Buffer.from("x"));
  });

  it("wipes every key that it holds, in every state", () => {
    for (const prepare of [
      () => {},
      () => initiate(gateway),
      () => (initiate(gateway), gateway.acknowledged()),
      () => respond(gateway, initiate(device)),
    ]) {
      device = keysOf("device");
      const wiped: Uint8Array[] = [];
      const held: Uint8Array[] = [];
      const watching = {
        ...crypto,
        wipe: (bytes: Uint8Array) => (wiped.push(bytes), crypto.wipe(bytes)),
        aead: (...args: Parameters<typeof crypto.aead>) => (held.push(args[1]), crypto.aead(...args)),
      };
      gateway = new DatagramKeys(
        { crypto: watching, cipher: "aes-256-gcm", sessionId: SESSION_ID },
        "gateway",
        agreedKeys(),
      );
      prepare();
      gateway.wipe();
      for (const key of held) {
        expect(wiped).to.include(key);
        expect(toHex(key)).to.equal(toHex(filled(32, 0)));
      }
    }
  });
});
