/** Adversarial cases 37 and 71: a gateway that accepts both ciphers, on networks in memory and on real sockets. */
import { expect } from "chai";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { MemoryDatagramNetwork } from "../../lib/testing/network/memory-datagrams.js";
import { MemoryNetwork } from "../../lib/testing/network/memory.js";
import { systemClock } from "../../lib/transport/system-clock.js";
import type { AnyAcceptor, Dialer } from "../../lib/transport/transport.js";
import { Usmp, type UsmpOptions } from "../../lib/usmp.js";
import { crypto, PSK } from "../support/facade-rig.js";
import { LOOPBACK } from "../support/session-echo.js";
import { DEVICE_A, DEVICE_B } from "../support/session-network.js";
import { eventually, soon } from "../support/session-waits.js";

const AES = "aes-256-gcm";
const CHACHA = "chacha20-poly1305";
const BOTH = [AES, CHACHA] as const;

type Psk = ConstructorParameters<typeof Usmp>[0];

/** Where a gateway and its devices meet, and how time passes there. */
interface Place {
  readonly options: UsmpOptions;
  readonly acceptor: AnyAcceptor;
  /** For a gateway that listens at this port. */
  dialer(port: number): Dialer;
  until(holds: () => boolean, what: string): Promise<void>;
  /** In milliseconds. */
  now(): number;
}

function inMemory(carries: "stream" | "datagrams"): Place {
  const clock = new VirtualClock(1_000);
  const network =
    carries === "stream" ? new MemoryNetwork({ clock, seed: 71 }) : new MemoryDatagramNetwork({ clock, seed: 71 });
  return {
    options: { clock, crypto },
    acceptor: network.acceptor(),
    dialer: () => network.dialer(),
    now: () => clock.now(),
    async until(holds, what) {
      for (let steps = 0; !holds(); steps++) {
        if (steps > 10_000) throw new Error(`${what}: not within 100 s of simulated time`);
        await clock.advance(steps < 8 ? 0 : 10);
      }
    },
  };
}

function onSockets(kind: "TCP" | "UDP"): Place {
  return {
    options: {},
    acceptor: Usmp[kind](LOOPBACK, 0),
    dialer: (port) => Usmp[kind](LOOPBACK, port),
    now: () => systemClock.now(),
    until: (holds, what) => eventually(holds, what),
  };
}

for (const [name, place, isStream, isReal] of [
  ["over a stream in memory", () => inMemory("stream"), true, false],
  ["over datagrams in memory", () => inMemory("datagrams"), false, false],
  ["over TCP", () => onSockets("TCP"), true, true],
  ["over UDP", () => onSockets("UDP"), false, true],
] as const) {
  describe(`adversarial, two ciphers, ${name}`, () => {
    let here: Place;
    let facades: Usmp[];
    let port = 0;
    /** What the gateway told. */
    let events: string[];

    beforeEach(() => {
      here = place();
      facades = [];
      events = [];
    });

    afterEach(async () => {
      const state = { closed: false };
      const closing = Promise.all(facades.map((facade) => facade.close())).then(() => (state.closed = true));
      await here.until(() => state.closed, "closing");
      await closing;
    });

    async function settled<Value>(promise: Promise<Value>): Promise<Value> {
      const state = { settled: false };
      const done = (): void => void (state.settled = true);
      promise.then(done, done);
      await here.until(() => state.settled, "a promise");
      return promise;
    }

    function facade(options: UsmpOptions, psk: Psk = PSK): Usmp {
      const made = new Usmp(psk, { ...here.options, ...options });
      facades.push(made);
      return made;
    }

    /** A gateway that greets each device at once, and answers what it hears. */
    async function gateway(options: UsmpOptions = {}, { psk, greets = true }: { psk?: Psk; greets?: boolean } = {}) {
      const made = facade({ ciphers: BOTH, ...options }, psk);
      made.onConnect((session) => {
        events.push("connect");
        if (greets) session.send("hello");
      });
      made.onMessage((data, _length, session) => void session.send(`you said ${data.toString()}`));
      made.onDisconnect((reason) => void events.push(reason.code));
      const [address] = await settled(made.listen(here.acceptor));
      port = address!.port;
      return made;
    }

    /** A connected device, and what it got. */
    async function device(options: UsmpOptions = {}): Promise<{ usmp: Usmp; got: string[] }> {
      const usmp = facade({ deviceId: DEVICE_A, reconnect: { minDelayMs: 1, maxDelayMs: 1 }, ...options });
      const got: string[] = [];
      usmp.onMessage((data) => void got.push(data.toString()));
      expect(await settled(usmp.begin(here.dialer(port))), usmp.lastErrorString()).to.equal(true);
      return { usmp, got };
    }

    async function expectGreeting({ got }: { got: string[] }): Promise<void> {
      const since = here.now();
      await here.until(() => got.length > 0, "the greeting");
      expect(got).to.deep.equal(["hello"]);
      // Real time passes as a busy machine likes.
      if (!isReal) expect(here.now() - since).to.be.within(400, 1_000);
    }

    it("case 37: devices of either cipher are served at one time, each in its own", async () => {
      await gateway({}, { greets: false });
      const aes = await device({ cipher: AES });
      const chacha = await device({ cipher: CHACHA, deviceId: DEVICE_B });
      for (const { usmp } of [aes, chacha]) usmp.send("a");
      for (const { usmp } of [aes, chacha]) usmp.send("b");
      await here.until(() => aes.got.length + chacha.got.length === 4, "the answers");
      expect([aes.got, chacha.got]).to.deep.equal([
        ["you said a", "you said b"],
        ["you said a", "you said b"],
      ]);
    });

    it("case 71: a device gets what is sent first, in the cipher first listed", async () => {
      await gateway();
      await expectGreeting(await device({ cipher: AES }));
    });

    it("case 71: in the cipher that its key entry names", async () => {
      await gateway({}, { psk: { "*": { key: PSK, cipher: CHACHA } } });
      await expectGreeting(await device({ cipher: CHACHA }));
    });

    it("case 71: in the cipher that it spoke the last time, whatever its key entry names", async () => {
      await gateway({}, { psk: { "*": { key: PSK, cipher: AES } } });
      const first = await device({ cipher: CHACHA });
      first.usmp.send("x");
      await here.until(() => first.got.length === 2, "both messages");
      expect(first.got).to.deep.equal(["hello", "you said x"]);
      await settled(first.usmp.close());
      await expectGreeting(await device({ cipher: CHACHA }));
    });

    // Over a stream the device ends the session itself, as soon as it has something to show.
    if (!isStream) {
      it("case 71: a wrong guess that the device's own frame shows ends CRYPTO, and its next session is right", async () => {
        await gateway();
        const { usmp, got } = await device({ cipher: CHACHA, reconnect: false });
        const since = here.now();
        await here.until(() => here.now() - since > 600, "the guess");
        usmp.send("x");
        await here.until(() => events.includes("CRYPTO"), "the end of the session");
        await settled(usmp.reconnect());
        await here.until(() => got.length > 0, "the greeting");
        expect(got).to.deep.equal(["hello"]);
      });
    }

    // Over real UDP it would take the 16 s after which the gateway gives up.
    if (!isReal || isStream) {
      it("case 71: a device that says nothing gets it in its next session where the first guess was wrong", async () => {
        await gateway();
        const { got } = await device({ cipher: CHACHA });
        await here.until(() => got.length > 0, "the greeting");
        expect(got).to.deep.equal(["hello"]);
        expect(events.slice(0, 2)).to.deep.equal(["connect", isStream ? "TRANSPORT" : "TIMEOUT"]);
      });
    }

    it("case 37: with one cipher listed the other one is refused", async () => {
      await gateway({ ciphers: [CHACHA] }, { greets: false });
      const good = await device({ cipher: CHACHA, deviceId: DEVICE_B });
      const { usmp, got } = await device({ cipher: AES, reconnect: false });
      usmp.send("x");
      if (isStream) await here.until(() => events.includes("CRYPTO"), "the end of the session");
      good.usmp.send("y");
      await here.until(() => good.got.length > 0, "the other device's answer");
      expect([got, good.got]).to.deep.equal([[], ["you said y"]]);
      if (!isStream) expect(usmp.stats().unsentBytes, "unacknowledged").to.be.greaterThan(0);
    });

    it("takes what it sends first with it when it closes before the device has spoken", async () => {
      const made = await gateway();
      const { got } = await device({ cipher: AES, reconnect: false });
      await settled(made.close());
      await here.until(() => got.length > 0, "the greeting");
      expect(got).to.deep.equal(["hello"]);
    });

    it("resolves sendAsync of what was held when it has left", async () => {
      const made = await gateway({}, { greets: false });
      const { got } = await device({ cipher: AES });
      await here.until(() => made.session(DEVICE_A) !== null, "the session");
      await settled(made.session(DEVICE_A)!.sendAsync("held"));
      await here.until(() => got.length > 0, "the message");
      expect(got).to.deep.equal(["held"]);
      expect(made.session(DEVICE_A)!.stats().unsentBytes).to.equal(0);
    });

    it("lets no more be held than a session may have unsent, and tells when there is room", async () => {
      const made = await gateway({ maxUnsentBytes: 4_096 }, { greets: false });
      let drained = 0;
      made.on("drain", () => drained++);
      const { got } = await device({ cipher: AES });
      await here.until(() => made.session(DEVICE_A) !== null, "the session");
      const session = made.session(DEVICE_A)!;
      let sent = 0;
      while (session.send(new Uint8Array(1_000))) sent++;
      // Over a stream each counts 1,120 bytes, as it will be sealed; over datagrams its own.
      expect([sent, session.lastError?.code]).to.deep.equal([isStream ? 4 : 5, "BUFFER_FULL"]);
      await here.until(() => got.length === sent && drained > 0, "the messages and the room");
      expect(drained).to.equal(1);
    });
  });
}

describe("the option ciphers", () => {
  for (const [what, ciphers, advice] of [
    ["an empty list", [], /one cipher or both/],
    ["an unknown one", ["rot13"], /aes-256-gcm.*chacha20-poly1305/],
    ["one twice", [AES, AES], /each once/],
    ["what is no list", AES, /a list/],
  ] as const) {
    it(`refuses ${what} with INVALID_ARG, naming it`, () => {
      try {
        new Usmp(PSK, { ciphers: ciphers as never });
        expect.fail("nothing was thrown");
      } catch (error) {
        expect(error).to.include({ code: "INVALID_ARG" });
        expect((error as Error).message)
          .to.match(/^ciphers is /)
          .and.to.match(advice);
      }
    });
  }

  it("is taken as cipher where it is not given", async () => {
    const gateway = new Usmp(PSK, { cipher: CHACHA });
    const device = new Usmp(PSK, { cipher: CHACHA, reconnect: false });
    try {
      const [address] = await soon(gateway.listen(Usmp.TCP(LOOPBACK, 0)));
      gateway.onConnect((session) => void session.send("at once"));
      await soon(device.begin(Usmp.TCP(LOOPBACK, address!.port)));
      await eventually(() => device.available(), "the message");
      expect(device.readString()).to.equal("at once");
    } finally {
      await Promise.all([soon(gateway.close()), soon(device.close())]);
    }
  });
});
