import { expect } from "chai";
import { acceptSession, checkGatewaySettings, DEFAULT_GATEWAY_SETTINGS } from "../../lib/gateway/accept.js";
import { LruMap } from "../../lib/gateway/admission/lru-map.js";
import { FrameType } from "../../lib/core/wire/wire.js";
import { UsmpError } from "../../lib/errors.js";
import type { PskLookup } from "../../lib/session/psk-source.js";
import type { UsmpSession } from "../../lib/session/session.js";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { utf8 } from "../support/core-bytes.js";
import { crypto } from "../support/core-crypto.js";
import { expectCode } from "../support/core-errors.js";
import { plainFrame } from "../support/core-frames.js";
import { DECOY_PSK, DEVICE_ID, deviceEnd, PSK } from "../support/core-pair.js";
import { ScriptedLink } from "../support/session-link.js";
import { microtasks } from "../support/session-waits.js";

/** A transport of the user's own, whose `send` may do anything before it returns. */
class EagerLink extends ScriptedLink {
  onSend: (bytes: Uint8Array) => void = () => {};

  override send(bytes: Uint8Array, onFlushed: () => void): void {
    super.send(bytes, onFlushed);
    this.onSend(bytes);
  }
}

class Rig {
  readonly clock = new VirtualClock();
  readonly link = new EagerLink();
  readonly device = deviceEnd();
  readonly told: string[] = [];
  session: UsmpSession | null = null;

  constructor(lookupPsk: PskLookup, admit?: (deviceId: string) => void) {
    acceptSession({
      link: this.link,
      secrets: { crypto, decoyPsk: DECOY_PSK },
      admit: (deviceId) => admit?.(deviceId),
      lookupKeys: async (deviceId) => {
        const psk = await lookupPsk(deviceId);
        return psk && { psk, previousPsk: null, cipher: null };
      },
      settings: { ...DEFAULT_GATEWAY_SETTINGS, clock: this.clock },
      learnedCiphers: new LruMap(65_536),
      owner: {},
      onSession: ({ session }) => {
        this.session = session;
        this.told.push(`session ${session.deviceId}`);
        session.on("message", (message) => this.told.push(`message ${new TextDecoder().decode(message)}`));
      },
      onFailed: ({ code }) => this.told.push(`failed ${code}`),
      onLookupFailed: ({ code, message }) => this.told.push(`lookup ${code} ${message}`),
    });
  }

  /** Carries frames both ways, and lets lookups settle in between. */
  async exchange(): Promise<void> {
    for (let rounds = 0; rounds < 4; rounds++) {
      this.link.deliver(this.device.output());
      await microtasks();
      this.device.receive(this.link.take());
    }
  }
}

describe("gateway settings", () => {
  it("are right by default", () => {
    checkGatewaySettings(DEFAULT_GATEWAY_SETTINGS);
    expect(DEFAULT_GATEWAY_SETTINGS).to.include({
      sessionTimeoutMs: 60_000,
      maxSessions: 4_096,
      maxSessionsPerAddress: 256,
    });
  });

  for (const name of ["sessionTimeoutMs", "maxSessions", "maxSessionsPerAddress"] as const) {
    it(`refuse a negative ${name} with INVALID_ARG`, () => {
      const error = expectCode(() => checkGatewaySettings({ ...DEFAULT_GATEWAY_SETTINGS, [name]: -1 }), "INVALID_ARG");
      expect(error.message).to.include(name);
    });
  }
});

describe("acceptSession", () => {
  it("says nothing before the device does", () => {
    const rig = new Rig(() => Uint8Array.from(PSK));
    expect([rig.link.writes.length, rig.told.length]).to.deep.equal([0, 0]);
  });

  for (const [what, lookup] of [
    ["at once", () => Uint8Array.from(PSK)],
    ["later", async () => (await microtasks(), Uint8Array.from(PSK))],
  ] as const) {
    it(`establishes a session with a key that is found ${what}`, async () => {
      const rig = new Rig(lookup);
      await rig.exchange();
      expect(rig.told).to.deep.equal(["session a0:a1:a2:a3:a4:a5"]);
      expect(rig.device.established).to.equal(true);
    });
  }

  it("asks for the key of the device that called, and wipes its copy", async () => {
    const asked: Uint8Array[] = [];
    const key = Uint8Array.from(PSK);
    const rig = new Rig((deviceId) => (asked.push(deviceId), key));
    await rig.exchange();
    expect(asked).to.deep.equal([DEVICE_ID]);
    expect(key.every((byte) => byte === 0)).to.equal(true);
    expect(rig.session?.isConnected).to.equal(true);
  });

  for (const [what, lookup, extra] of [
    ["no key", () => null, []],
    ["another key", () => utf8("another key of 16 bytes"), []],
    [
      "a lookup that rejects",
      () => Promise.reject(new Error("database")),
      ["lookup AUTH the PSK lookup for a0:a1:a2:a3:a4:a5 failed"],
    ],
    [
      "a lookup that throws",
      () => {
        throw new Error("database");
      },
      ["lookup AUTH the PSK lookup for a0:a1:a2:a3:a4:a5 failed"],
    ],
  ] as const) {
    it(`with ${what} goes as far as CHALLENGE, then fails AUTH`, async () => {
      const rig = new Rig(lookup);
      await rig.exchange();
      expect(rig.link.writes.map((write) => write[3])).to.deep.equal([FrameType.CHALLENGE]);
      expect(rig.told).to.deep.equal([...extra, "failed AUTH"]);
      expect(rig.link.destroyed).to.equal(true);
    });
  }

  it("fails AUTH at the handshake deadline where the lookup never settles, and ignores its late answer", async () => {
    let answer: (key: Uint8Array) => void = () => {};
    const rig = new Rig(() => new Promise((resolve) => (answer = resolve)));
    await rig.exchange();
    await rig.clock.advance(10_000);
    expect(rig.told).to.deep.equal(["failed AUTH"]);
    const key = Uint8Array.from(PSK);
    answer(key);
    await microtasks();
    expect([rig.link.writes.length, key.every((byte) => byte === 0)]).to.deep.equal([0, true]);
  });

  it("fails HANDSHAKE where the device does not wait for CHALLENGE", async () => {
    const rig = new Rig(() => new Promise(() => {}));
    rig.link.deliver(rig.device.output(), plainFrame(FrameType.HELLO_ACK, new Uint8Array(32)));
    await microtasks();
    expect(rig.told).to.deep.equal(["failed HANDSHAKE"]);
  });

  describe("on a link that does more than to queue SESSION_OK before its send returns", () => {
    async function withOkSent(onOk: (rig: Rig) => void): Promise<Rig> {
      const rig = new Rig(() => Uint8Array.from(PSK));
      rig.link.onSend = (bytes) => {
        if (bytes[3] === FrameType.SESSION_OK) onOk(rig);
      };
      await rig.exchange();
      await rig.clock.advance(0);
      return rig;
    }

    it("takes the device's first message, which answers it", async () => {
      const rig = await withOkSent(({ device, link }) => {
        device.receive(link.take());
        device.connection.send(utf8("first"), 0);
        link.deliver(device.output());
      });
      expect(rig.told).to.deep.equal(["session a0:a1:a2:a3:a4:a5", "message first"]);
      expect(rig.session?.isConnected).to.equal(true);
    });

    it("fails TRANSPORT where that breaks the link, and leaves no timer behind", async () => {
      const rig = await withOkSent(({ link }) => link.close(new UsmpError("TRANSPORT", "ECONNRESET")));
      expect(rig.told).to.deep.equal(["failed TRANSPORT"]);
      expect(rig.clock.pending).to.equal(0);
    });
  });
});
