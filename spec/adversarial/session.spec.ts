/** adversarial-cases.md on real sockets: sessions and key rotation. */
import { expect } from "chai";
import sinon from "sinon";
import { concat } from "../../lib/core/wire/bytes.js";
import { StreamKeys } from "../../lib/core/stream/stream-keys.js";
import { OrderedOpeningKey, SealingKey } from "../../lib/core/session/frame-cipher.js";
import { FrameType } from "../../lib/core/wire/wire.js";
import { UsmpError, type UsmpErrorCode } from "../../lib/errors.js";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { counted, filled, flipped, NOTHING, utf8 } from "../support/core-bytes.js";
import { crypto } from "../support/core-crypto.js";
import { splitFrames, withCrc } from "../support/core-frames.js";
import { EchoGateway, expectEcho } from "../support/session-echo.js";
import { HostileDevice, HostileGateway, playGatewayHandshake } from "../support/session-hostile.js";
import { DEVICE_A, NetworkRig } from "../support/session-network.js";
import { eventually, rejectionOf, soon, standsStill } from "../support/session-waits.js";

const { BYE, DATA, DATA_FRAG, PING, PONG, REKEY } = FrameType;

const text = (data: Uint8Array): string => new TextDecoder().decode(data);

/** The keys that follow a REKEY of this device. */
function rekeyed(device: HostileDevice, salt: Uint8Array): { c2s: Uint8Array; s2c: Uint8Array } {
  const { c2s, s2c } = device.keys;
  const okm = crypto.hkdfSha256(concat(c2s, s2c), salt, concat(utf8("usmp-rekey"), device.sessionId), 64);
  return { c2s: okm.slice(0, 32), s2c: okm.slice(32) };
}

describe("adversarial, over TCP: session", () => {
  let gateway: EchoGateway;

  beforeEach(async () => {
    gateway = await EchoGateway.start();
  });

  afterEach(async () => {
    sinon.restore();
    await gateway.stop();
  });

  async function expectEnd(
    code: UsmpErrorCode,
    act: (device: HostileDevice) => Promise<void> | void,
    delivered: readonly string[] = [],
  ): Promise<void> {
    await gateway.beside(async () => {
      const device = await (await HostileDevice.connect(gateway.port)).establish();
      await act(device);
      await device.over();
      expect(await gateway.ending()).to.deep.equal({ kind: "closed", code, deviceId: DEVICE_A });
    });
    expect(gateway.messages.map(text)).to.deep.equal(delivered);
    expect(gateway.errors).to.deep.equal([]);
  }

  for (const [what, second] of [
    ["skipped", 2],
    ["repeated", 0],
  ] as const) {
    it(`case 25: a ${what} number closes SEQUENCE`, () =>
      expectEnd(
        "SEQUENCE",
        (device) => device.write(device.sealed(DATA, "first", 0), device.sealed(DATA, "second", second)),
        ["first"],
      ));
  }

  it("case 26: a flipped tag bit with the CRC made right closes CRYPTO", () =>
    expectEnd("CRYPTO", (device) => device.write(withCrc(flipped(device.sealed(DATA, "x"), -1)))));

  it("case 26: DATA rewritten to BYE with the CRC made right closes CRYPTO", () =>
    expectEnd("CRYPTO", (device) => device.write(withCrc(device.sealed(DATA, "x").with(3, BYE)))));

  it("case 26: the gateway's own frame reflected closes CRYPTO", () =>
    expectEnd(
      "CRYPTO",
      async (device) => {
        // Its number fits: the PING took 0, so that our next is the reflected one's 0 after the echo of nothing.
        device.write(device.sealed(DATA, "echo me"));
        const echo = await device.takeFrame();
        device.write(withCrc(Uint8Array.from(echo, (byte, at) => (at === 4 || at === 12 ? 1 : byte))));
      },
      ["echo me"],
    ));

  it("case 26: so it does with the number that it had, as SEQUENCE", () =>
    expectEnd(
      "SEQUENCE",
      async (device) => {
        device.write(device.sealed(DATA, "echo me"));
        device.write(await device.takeFrame());
      },
      ["echo me"],
    ));

  it("case 27: 1808 bytes arrive in 4 frames; 1809 are refused here with PAYLOAD_TOO_LARGE, and nothing is sent", async () => {
    await gateway.beside(async () => {
      const client = await gateway.device();
      expect(client.send(new Uint8Array(1_809))).to.equal(false);
      await rejectionOf(client.sendAsync(new Uint8Array(1_809)), "PAYLOAD_TOO_LARGE");
      const message = counted(1_808);
      await client.sendAsync(message);
      expect(Uint8Array.from(await soon(client.recv()))).to.deep.equal(message);
    });
    expect(gateway.messages.map(({ length }) => length)).to.deep.equal([1_808]);
  });

  it("case 28: a fourth DATA_FRAG closes FRAGMENT", () =>
    expectEnd("FRAGMENT", (device) => {
      for (let frames = 0; frames < 4; frames++) device.write(device.sealed(DATA_FRAG, new Uint8Array(452)));
    }));

  for (const [name, type] of [
    ["PING", PING],
    ["PONG", PONG],
  ] as const) {
    it(`case 29: ${name} between fragments closes FRAGMENT, and the part is not delivered`, () =>
      expectEnd("FRAGMENT", (device) => device.write(device.sealed(DATA_FRAG, "part"), device.sealed(type))));
  }

  it("case 30: empty DATA is delivered, and echoed, as an empty message", async () => {
    await gateway.beside(async () => {
      const client = await gateway.device();
      await client.sendAsync(NOTHING);
      expect(await soon(client.recv())).to.have.lengthOf(0);
    });
    expect(gateway.messages.map(text)).to.deep.equal([""]);
  });

  it("case 31: a hundred concurrent sends, PINGs both ways meanwhile: all arrive, none torn, in order", async () => {
    await gateway.beside(async () => {
      const client = await gateway.device({ deviceId: DEVICE_A });
      const pings = [client.ping(), gateway.server.session(DEVICE_A)!.ping()];
      const messages = Array.from({ length: 100 }, (_, index) => filled((index * 97) % 1_809, index));
      const sends = messages.map((message) => client.sendAsync(message));
      for (const message of messages) expect(Uint8Array.from(await soon(client.recv()))).to.deep.equal(message);
      await soon(Promise.all([...sends, ...pings]));
    });
  });

  it("case 32: the transport fails under sealed frames: TRANSPORT, each waiting send rejects, the next connect works", async () => {
    await gateway.beside(async () => {
      let reset = (): void => {};
      const hostile = await HostileGateway.start(async (peer) => {
        await playGatewayHandshake(peer);
        peer.socket.pause();
        reset = () => peer.socket.resetAndDestroy();
      });
      const client = gateway.unconnected({ port: hostile.port });
      await soon(client.connect());
      const sends = Array.from({ length: 15_000 }, () => client.sendAsync(new Uint8Array(1_808)));
      // Once the kernel holds all that it takes, the rest waits in the device.
      await standsStill(() => client.session!.stats().framesSent);
      reset();
      const settled = await soon(Promise.allSettled(sends));
      expect((await soon(client.session!.closed)).code).to.equal("TRANSPORT");
      const codes = settled.flatMap((result) => (result.status === "rejected" ? [result.reason as UsmpError] : []));
      expect(new Set(codes.map(({ code }) => code))).to.deep.equal(new Set(["TRANSPORT"]));
      hostile.stop();
    });
  });

  it("case 33 and 34: 0xFFFFFFFE goes to BYE; a verified 0xFFFFFFFF closes SEQUENCE", async () => {
    const device = await (await HostileDevice.connect(gateway.port)).establish();
    const context = { crypto, cipher: "aes-256-gcm", sessionId: device.sessionId } as const;
    const late = new OrderedOpeningKey(context, Uint8Array.from(device.keys.c2s), 0xffff_ffff);
    const open = sinon.stub(StreamKeys.prototype, "open").callsFake((frame) => {
      const plaintext = late.open(frame);
      if (plaintext === null) throw new UsmpError("CRYPTO", "not the frame that belongs here");
      return { plaintext, firstUnderNewKey: false };
    });
    device.write(device.sealed(DATA, "last", 0xffff_ffff));
    await device.over();
    open.restore();
    expect(gateway.codes).to.deep.equal(["SEQUENCE"]);
    expect(gateway.messages).to.deep.equal([]);

    await gateway.beside(async () => {
      const second = await (await HostileDevice.connect(gateway.port)).establish();
      const session = gateway.server.session(DEVICE_A)!;
      const tx = new SealingKey(
        { ...context, sessionId: second.sessionId },
        Uint8Array.from(second.keys.s2c),
        0xffff_fffd,
      );
      const stub = sinon.stub(StreamKeys.prototype, "tx").get(() => tx);
      expect([session.send("the last one"), session.send("one too many")]).to.deep.equal([true, false]);
      stub.restore();
      expect(session.lastError?.code).to.equal("SEQ_EXHAUSTED");
      expect((await soon(session.closed)).code).to.equal("SEQ_EXHAUSTED");
      const frames = [await second.takeFrame(), await second.takeFrame()];
      expect(frames.map((frame) => frame[3])).to.deep.equal([DATA, BYE]);
      expect([...frames[1]!.slice(4, 8)]).to.deep.equal([0xfe, 0xff, 0xff, 0xff]);
      second.destroy();
    });
  });

  it("case 35: eight control frames at once are kept and answered", async () => {
    await gateway.beside(async () => {
      const device = await (await HostileDevice.connect(gateway.port)).establish();
      device.write(...Array.from({ length: 8 }, () => device.sealed(PING)), device.sealed(DATA, "still here"));
      const types: number[] = [];
      for (let frames = 0; frames < 9; frames++) types.push((await device.takeFrame())[3]!);
      expect(types).to.deep.equal([...Array.from({ length: 8 }, () => PONG), DATA]);
      device.destroy();
    });
  });

  it("case 35: twelve without a pause close FLOOD", () =>
    // A slow machine may earn one or two more on the way.
    expectEnd("FLOOD", (device) => device.write(concat(...Array.from({ length: 12 }, () => device.sealed(PING))))));

  it("case 35: sixty that piled up while the clock stood still for 8 s are kept", async () => {
    const clock = new VirtualClock();
    const slow = await EchoGateway.start({ clock });
    const device = await (await HostileDevice.connect(slow.port)).establish();
    clock.jump(8_000);
    device.write(concat(...Array.from({ length: 60 }, () => device.sealed(PING)), device.sealed(DATA, "alive")));
    await eventually(() => slow.messages.length === 1, "the message behind");
    device.write(concat(...Array.from({ length: 5 }, () => device.sealed(PING))));
    await device.over();
    expect(slow.codes).to.deep.equal(["FLOOD"]);
    await slow.stop();
  });

  it("case 36: 59 s of silence are kept, 60 s close TIMEOUT, and what does not verify does not push that back", async () => {
    const clock = new VirtualClock();
    const slow = await EchoGateway.start({ clock });
    const device = await (await HostileDevice.connect(slow.port)).establish();
    await clock.advance(59_999);
    expect(slow.codes).to.deep.equal([]);
    await clock.advance(1);
    await device.over();
    expect(slow.endings).to.deep.equal([{ kind: "closed", code: "TIMEOUT", deviceId: DEVICE_A }]);
    await slow.stop();
  });

  it("case 36: a device that answers the gateway's PING lives on", async () => {
    const clock = new VirtualClock();
    const slow = await EchoGateway.start({ clock });
    const device = await (await HostileDevice.connect(slow.port)).establish();
    for (let rounds = 0; rounds < 4; rounds++) {
      await clock.advance(30_000);
      expect((await device.takeFrame())[3]).to.equal(PING);
      device.write(device.sealed(PONG), device.sealed(DATA, `${rounds}`));
      await eventually(() => slow.messages.length === rounds + 1, "the message");
      await device.takeFrame();
    }
    expect(slow.codes).to.deep.equal([]);
    device.destroy();
    await eventually(() => slow.codes.length === 1, "the end");
    await slow.stop();
  });

  it("a device of the other cipher closes CRYPTO on both sides", async () => {
    await gateway.beside(async () => {
      const client = await gateway.device({ cipher: "chacha20-poly1305" });
      client.send("x");
      expect((await gateway.ending()).code).to.equal("CRYPTO");
      expect((await soon(client.session!.closed)).code).to.equal("TRANSPORT");
    });
  });
});

describe("adversarial, over TCP: rekey", () => {
  let gateway: EchoGateway;

  beforeEach(async () => {
    gateway = await EchoGateway.start();
  });

  afterEach(() => gateway.stop());

  it("case 48: twenty frames under the old key arrive after our REKEY: all delivered, then the new key's", async () => {
    await gateway.beside(async () => {
      const device = await (await HostileDevice.connect(gateway.port)).establish();
      const session = gateway.server.session(DEVICE_A)!;
      await session.rekey();
      const rekey = await device.takeFrame();
      expect(rekey[3]).to.equal(REKEY);
      for (let index = 0; index < 20; index++) device.write(device.sealed(DATA, `old ${index}`));
      await eventually(() => gateway.messages.length === 20, "what was under the old key");
      const opened = crypto.aead("aes-256-gcm", device.keys.s2c);
      const salt = opened.open(rekey.slice(12, 24), rekey.slice(0, 10), rekey.slice(24))!;
      const { c2s, s2c } = device.keys;
      const okm = crypto.hkdfSha256(concat(s2c, c2s), salt, concat(utf8("usmp-rekey"), device.sessionId), 64);
      device.keys = { s2c: okm.slice(0, 32), c2s: okm.slice(32) };
      device.seq = 0;
      device.write(device.sealed(DATA, "new"));
      await eventually(() => gateway.messages.length === 21, "what is under the new key");
      expect(gateway.codes).to.deep.equal([]);
      device.destroy();
    });
    expect(gateway.messages.map(text)).to.deep.equal([...Array.from({ length: 20 }, (_, at) => `old ${at}`), "new"]);
  });

  it("case 49: an old-key frame after a new-key frame closes SEQUENCE, or CRYPTO where its number fits", async () => {
    for (const [code, oldSeq] of [
      ["SEQUENCE", 7],
      ["CRYPTO", 1],
    ] as const) {
      await gateway.beside(async () => {
        const device = await (await HostileDevice.connect(gateway.port)).establish();
        const salt = filled(32, 0x5a);
        device.write(device.sealed(REKEY, salt));
        const oldFrame = device.sealed(DATA, "old", oldSeq);
        device.keys = rekeyed(device, salt);
        device.seq = 0;
        device.write(device.sealed(DATA, "new"), oldFrame);
        await device.over();
        await eventually(() => gateway.codes.includes(code), "the end");
      });
    }
    expect(gateway.codes).to.deep.equal(["SEQUENCE", "CRYPTO"]);
    expect(gateway.messages.map(text)).to.deep.equal(["new", "new"]);
  });

  for (const length of [0, 31, 33]) {
    it(`case 50: a verified REKEY with a salt of ${length} bytes closes CRYPTO`, async () => {
      await gateway.beside(async () => {
        const device = await (await HostileDevice.connect(gateway.port)).establish();
        device.write(device.sealed(REKEY, new Uint8Array(length)));
        await device.over();
        expect((await gateway.ending()).code).to.equal("CRYPTO");
      });
    });
  }

  it("case 51: REKEY between fragments closes FRAGMENT, and the part is never delivered", async () => {
    await gateway.beside(async () => {
      const device = await (await HostileDevice.connect(gateway.port)).establish();
      device.write(device.sealed(DATA_FRAG, "part"), device.sealed(REKEY, filled(32, 1)));
      await device.over();
      expect((await gateway.ending()).code).to.equal("FRAGMENT");
    });
    expect(gateway.messages).to.deep.equal([]);
  });

  it("case 51: a first frame under the new key while a part is held closes FRAGMENT, never delivered as whole", async () => {
    await gateway.beside(async () => {
      const device = await (await HostileDevice.connect(gateway.port)).establish();
      const session = gateway.server.session(DEVICE_A)!;
      await session.rekey();
      const rekey = await device.takeFrame();
      const salt = crypto
        .aead("aes-256-gcm", device.keys.s2c)
        .open(rekey.slice(12, 24), rekey.slice(0, 10), rekey.slice(24))!;
      const part = device.sealed(DATA_FRAG, "part of an old ");
      const { c2s, s2c } = device.keys;
      const okm = crypto.hkdfSha256(concat(s2c, c2s), salt, concat(utf8("usmp-rekey"), device.sessionId), 64);
      device.keys = { s2c: okm.slice(0, 32), c2s: okm.slice(32) };
      device.seq = 0;
      device.write(part, device.sealed(DATA, "and the end of a new one"));
      await device.over();
      expect((await gateway.ending()).code).to.equal("FRAGMENT");
    });
    expect(gateway.messages).to.deep.equal([]);
  });

  it("case 53: both sides send REKEY at once, again and again, with traffic both ways: no message is lost", async () => {
    const rig = await new NetworkRig({}, { seed: 53 }).listen();
    rig.network.conditions = {
      toAcceptor: { latencyMs: 3, jitterMs: 5, split: true },
      toDialer: { latencyMs: 3, jitterMs: 5, split: true },
    };
    const client = rig.client();
    const connecting = client.connect();
    await rig.clock.advance(100);
    await connecting;
    const session = rig.sessions[0]!;
    const received = { device: [] as string[], gateway: [] as string[] };
    client.on("message", (data) => received.device.push(text(data)));
    session.on("message", (data) => received.gateway.push(text(data)));
    let rekeys = 0;
    client.session!.on("rekey", () => rekeys++);
    const sent: string[] = [];
    for (let round = 0; round < 60; round++) {
      if (round % 3 === 0) {
        void client.rekey();
        void session.rekey();
      }
      for (let index = 0; index < 5; index++) {
        const message = `${round}.${index} ${"x".repeat((round * 131 + index * 977) % 1_700)}`;
        sent.push(message);
        expect([client.send(message), session.send(message)]).to.deep.equal([true, true]);
        await rig.clock.advance(1 + ((round + index) % 4));
      }
      await rig.clock.advance(400);
    }
    await rig.clock.advance(5_000);
    expect(received.device).to.deep.equal(sent);
    expect(received.gateway).to.deep.equal(sent);
    expect(rekeys).to.be.greaterThan(15);
    expect([client.isConnected, session.isConnected]).to.deep.equal([true, true]);
  });

  it("case 53: the same over a real socket, crossing as it happens", async () => {
    const client = await gateway.device({ deviceId: DEVICE_A });
    const session = gateway.server.session(DEVICE_A)!;
    await gateway.beside(async () => {
      const rekeys = [client.rekey(), session.rekey()];
      const messages = Array.from({ length: 200 }, (_, index) => `${index}`);
      for (const message of messages) expect(client.send(message)).to.equal(true);
      for (const message of messages) expect(text(await soon(client.recv()))).to.equal(message);
      await soon(Promise.all(rekeys));
    });
    await expectEcho(client, "and on it goes");
  });

  it("keeps apart what it splits: frames of one session never verify in another", async () => {
    await gateway.beside(async () => {
      const first = await (await HostileDevice.connect(gateway.port)).establish();
      const second = await (await HostileDevice.connect(gateway.port, { deviceId: counted(6, 3) })).establish();
      second.write(first.sealed(DATA, "from another session"));
      await second.over();
      expect((await gateway.ending()).code).to.equal("CRYPTO");
      expect(splitFrames(second.received)).to.have.lengthOf(2);
      first.destroy();
    });
    expect(gateway.messages).to.deep.equal([]);
  });
});
