import { getEventListeners } from "node:events";
import { expect } from "chai";
import { DEFAULT_DEVICE_SETTINGS, dialSession } from "../../lib/device/dial.js";
import type { Dialer, DialOptions, Link } from "../../lib/transport/transport.js";
import { counted, utf8 } from "../support/core-bytes.js";
import { crypto } from "../support/core-crypto.js";
import { closing, LifeRig } from "../support/facade-life.js";
import { ScriptedLink } from "../support/session-link.js";
import { NetworkRig, TEXT_PSK } from "../support/session-network.js";
import { isPending, microtasks, rejectionOf, soon } from "../support/session-waits.js";

const REASON = new Error("changed my mind");

/** A dialer of a user's own, which never answers unless `dial` does. */
function ownDialer(dial: (options: DialOptions | undefined) => Promise<Link> | void): Dialer {
  return { describe: () => "own", dial: (options) => dial(options) ?? new Promise(() => {}) };
}

describe("calling an attempt off", () => {
  let rig: NetworkRig;
  /** Timers of the gateway alone. */
  let pending: number;

  beforeEach(async () => {
    rig = await new NetworkRig().listen();
    pending = rig.clock.pending;
  });

  afterEach(async () => {
    await rig.settled(rig.server.stop());
  });

  function dialing(dialer: Dialer, { signal }: AbortController): Promise<unknown> {
    const settings = { ...DEFAULT_DEVICE_SETTINGS, clock: rig.clock };
    const identity = { crypto, psk: utf8(TEXT_PSK), deviceId: counted(6, 1) };
    return dialSession({ dialer, ...identity, settings, signal, onSession: () => {} });
  }

  describe("is seen by a dialer of one's own in its signal", () => {
    it("with the reason of the signal that connect was given, which is forgotten", async () => {
      const controller = new AbortController();
      let seen: AbortSignal | undefined;
      const client = rig.client({ transport: ownDialer((options) => void (seen = options?.signal)) });
      const connecting = rejectionOf(client.connect({ signal: controller.signal }), "CLOSED");
      await microtasks();
      expect(seen?.aborted).to.equal(false);
      controller.abort(REASON);
      expect([seen?.aborted, seen?.reason]).to.deep.equal([true, REASON]);
      expect((await connecting).cause).to.equal(REASON);
      expect(getEventListeners(controller.signal, "abort")).to.deep.equal([]);
    });

    it("also where it is called off before it dials", async () => {
      let seen: AbortSignal | undefined;
      const client = rig.client({ transport: ownDialer((options) => void (seen = options?.signal)) });
      await rejectionOf(client.connect({ signal: AbortSignal.abort(REASON) }), "CLOSED");
      expect([seen?.aborted, seen?.reason]).to.deep.equal([true, REASON]);
    });

    it("also where it is read only afterwards", async () => {
      let given: DialOptions | undefined;
      const client = rig.client({ transport: ownDialer((options) => void (given = options)) });
      const connecting = rejectionOf(client.connect(), "CLOSED");
      await microtasks();
      await client.disconnect();
      const { cause } = await connecting;
      expect([given?.signal?.aborted, given?.signal?.reason]).to.deep.equal([true, cause]);
      expect(cause).to.have.property("name", "AbortError");
    });

    it("by disconnect, also while the link of an attempt that failed goes down", async () => {
      const link = new ScriptedLink();
      const client = rig.client({
        transport: ownDialer(async (options) => {
          options?.signal?.addEventListener("abort", () => link.close());
          return link;
        }),
      });
      const connecting = client.connect();
      const rejected = rejectionOf(connecting, "FRAME");
      await microtasks();
      link.deliver(utf8("HTTP/1.1 400 Bad Request\r\n"));
      expect(await isPending(connecting)).to.equal(true);
      await soon(client.disconnect());
      await rejected;
    });

    it("not once it is connected, whatever becomes of connect's signal", async () => {
      const controller = new AbortController();
      let seen: AbortSignal | undefined;
      const transport = ownDialer((options) => {
        seen = options?.signal;
        return rig.network.dialer().dial(options);
      });
      const client = rig.client({ transport });
      await rig.settled(client.connect({ signal: controller.signal }));
      expect(getEventListeners(controller.signal, "abort")).to.deep.equal([]);
      controller.abort();
      await rig.settled(client.disconnect());
      expect(seen?.aborted).to.equal(false);
    });

    it("by the end of a life, and by the next attempt", async () => {
      const lives = new LifeRig();
      const seen: (AbortSignal | undefined)[] = [];
      const life = lives.life();
      void life.begin(ownDialer((options) => void seen.push(options?.signal)));
      await lives.pass();
      void life.reconnect();
      await lives.pass();
      expect(seen.map((signal) => signal?.aborted)).to.deep.equal([true, false]);
      await lives.until(life.close(closing()));
      expect(seen.map((signal) => signal?.aborted)).to.deep.equal([true, true]);
      lives.expectNothingLeft();
    });
  });

  describe("reaches our dialer under one of the user's", () => {
    for (const [how, wrapped] of [
      ["passes its options on", (options) => options],
      ["copies them", (options) => ({ ...options })],
      ["makes its own of them", (options) => Object.create(options as DialOptions) as DialOptions],
      ["watches them", (options) => new Proxy(options as DialOptions, {})],
      ["passes their signal on", (options) => ({ signal: options?.signal as AbortSignal })],
      ["has a signal of its own beside", (options) => ({ signal: AbortSignal.any([options?.signal as AbortSignal]) })],
    ] as readonly [string, (options?: DialOptions) => DialOptions | undefined][]) {
      it(`that ${how}`, async () => {
        rig.network.freeze();
        let inner: Promise<Link> | undefined;
        const attempt = new AbortController();
        const transport = ownDialer((options) => (inner = rig.network.dialer().dial(wrapped(options))));
        const rejected = rejectionOf(dialing(transport, attempt), "CLOSED");
        attempt.abort(REASON);
        expect((await rejectionOf(inner!, "CLOSED")).cause).to.equal(REASON);
        expect((await rejected).cause).to.equal(REASON);
        expect(rig.clock.pending).to.equal(pending);
      });
    }

    it("that dials with two at once, each of them", async () => {
      rig.network.freeze();
      const inner: Promise<Link>[] = [];
      const attempt = new AbortController();
      const transport = ownDialer((options) => {
        for (let dials = 0; dials < 2; dials++) inner.push(rig.network.dialer().dial(options));
        return Promise.any(inner);
      });
      const rejected = rejectionOf(dialing(transport, attempt), "CLOSED");
      attempt.abort();
      for (const dial of inner) await rejectionOf(dial, "CLOSED");
      await rejected;
      expect(rig.clock.pending).to.equal(pending);
    });
  });

  describe("between the dialer's answer and the handshake", () => {
    it("destroys the link, and rejects with CLOSED", async () => {
      const link = new ScriptedLink();
      let open: (link: Link) => void = () => {};
      const attempt = new AbortController();
      const transport = ownDialer(() => new Promise((resolve) => (open = resolve)));
      const rejected = rejectionOf(dialing(transport, attempt), "CLOSED");
      open(link);
      attempt.abort(REASON);
      expect((await rejected).cause).to.equal(REASON);
      expect([link.destroyed, rig.clock.pending]).to.deep.equal([true, pending]);
    });

    it("does so with a dialer of ours, whose gateway sees the connection end", async () => {
      const attempt = new AbortController();
      const transport = ownDialer((options) => {
        const inner = rig.network.dialer().dial(options);
        void inner.then(() => attempt.abort());
        return inner;
      });
      await rig.settled(rejectionOf(dialing(transport, attempt), "CLOSED"));
      await rig.still();
      expect([rig.network.openCables, rig.sessions.length]).to.deep.equal([0, 0]);
    });

    it("ends the link where the handshake begins already, as any later", async () => {
      for (const turns of [1, 2, 3]) {
        const link = new ScriptedLink();
        const attempt = new AbortController();
        const rejected = rejectionOf(
          dialing(
            ownDialer(async () => link),
            attempt,
          ),
          "CLOSED",
        );
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        attempt.abort();
        await microtasks();
        expect(link.destroyed, `after ${turns}`).to.equal(true);
        link.close();
        await rejected;
        expect(rig.clock.pending).to.equal(pending);
      }
    });
  });
});
