import { expect } from "chai";

import type { ReconnectLoop } from "../../lib/device/reconnect-loop.js";
import { UsmpServer } from "../../lib/gateway/server.js";
import { UsmpError } from "../../lib/errors.js";
import type { Dialer, Link } from "../../lib/transport/transport.js";
import { closing, LifeRig, type LifeOptions } from "../support/facade-life.js";
import { crypto, PSK } from "../support/facade-rig.js";

/** A life in each state, on a rig of its own. */
const INTO: Record<string, (rig: LifeRig, options?: LifeOptions) => Promise<ReconnectLoop>> = {
  idle: async (rig, options) => rig.life(options),
  opening: async (rig, options) => {
    const life = rig.life(options);
    rig.network.freeze();
    void life.begin(rig.dialer());
    await rig.pass();
    return life;
  },
  handshaking: async (rig, options) => {
    const life = rig.life(options);
    void life.begin(rig.dialer("mute"));
    await rig.pass();
    return life;
  },
  established: async (rig, options) => {
    const life = rig.life(options);
    await rig.until(life.begin(rig.dialer()));
    return life;
  },
  backoff: async (rig, options) => {
    const life = rig.life(options);
    await rig.until(life.begin(rig.dialer("nobody")));
    return life;
  },
  closed: async (rig, options) => {
    const life = rig.life(options);
    await rig.until(life.begin(rig.dialer()));
    await rig.until(life.close(closing()));
    return life;
  },
};

describe("ReconnectLoop", () => {
  let rig: LifeRig;
  let server: UsmpServer;

  const listen = async (): Promise<void> => {
    await rig.until(server.listen(rig.acceptor()));
  };

  beforeEach(async () => {
    rig = new LifeRig();
    // What the device does on its own: no lockout comes in between.
    server = new UsmpServer({ psk: PSK, clock: rig.clock, crypto, lockoutAfterFailures: 1_000 });
    await listen();
    // Takes connections and says nothing.
    const ignore = { onBytes: () => {}, onEnd: () => {}, onClose: () => {} };
    await rig.acceptor("mute").listen({ onLink: (link: Link) => link.attach(ignore), onError: () => {} });
  });

  afterEach(async () => {
    rig.network.thaw();
    await rig.until(server.stop());
  });

  /** Closes it, and finds nothing left but what the mute acceptor never closes. */
  const end = async (life: ReconnectLoop): Promise<void> => {
    rig.network.thaw();
    await rig.until(life.close(closing()));
    await rig.until(server.stop());
    rig.network.cut();
    await rig.pass();
    rig.expectNothingLeft();
  };

  describe("comes and goes with its gateway", () => {
    it("retries while the gateway is away, and says which attempt failed", async () => {
      await server.stop();
      const life = rig.life();
      expect(await rig.until(life.begin(rig.dialer()))).to.equal(false);
      expect(life.state).to.include({ name: "backoff", delayMs: 1_000 });
      await rig.pass(1_000 + 2_000);
      expect(rig.events).to.deep.equal(["failed TRANSPORT", "failed TRANSPORT", "failed TRANSPORT"]);
      await listen();
      await rig.pass(4_000);
      expect(rig.events.slice(3)).to.deep.equal(["session"]);
      await end(life);
    });

    it("comes back after a cut with a new session", async () => {
      const life = await INTO.established!(rig);
      rig.network.cut();
      await rig.pass();
      expect(life.session).to.equal(null);
      expect(life.state).to.include({ name: "backoff", delayMs: 1_000, sessions: 1 });
      await rig.pass(1_000);
      expect(rig.events).to.deep.equal(["session", "lost TRANSPORT", "session again"]);
      expect(rig.sessions[0]!.sessionId).to.not.equal(rig.sessions[1]!.sessionId);
      expect(life.session).to.equal(rig.sessions[1]);
      await end(life);
    });

    it("comes back after a restart of the gateway", async () => {
      const life = await INTO.established!(rig);
      await rig.until(server.stop());
      await rig.pass(3_000);
      await listen();
      await rig.pass(10_000);
      expect(rig.events).to.include.members(["lost BYE", "session again"]);
      expect(life.state.name).to.equal("established");
      await end(life);
    });

    it("gives up an attempt whose link stays silent, and tries again", async () => {
      const life = await INTO.handshaking!(rig);
      expect(life.state.name).to.equal("handshaking");
      await rig.pass(10_000);
      expect(rig.events).to.deep.equal(["failed TIMEOUT"]);
      await rig.pass(1_000);
      expect(life.state.name).to.equal("handshaking");
      await end(life);
    });

    it("tells that the last attempt was the last, and stops", async () => {
      const life = rig.life({ backoff: { maxAttempts: 2 } });
      await rig.until(life.begin(rig.dialer("nobody")));
      await rig.pass(60_000);
      expect(rig.events).to.deep.equal(["failed TRANSPORT", "failed TRANSPORT for good"]);
      expect(life.state.name).to.equal("closed");
      expect(await life.reconnect()).to.equal(false);
      rig.expectNothingLeft();
    });
  });

  describe("the key", () => {
    it("that is wrong means AUTH, and one attempt per cap, never more (case 60)", async () => {
      let dials = 0;
      const inner = rig.dialer();
      const dialer: Dialer = {
        describe: () => "counted",
        dial: (options) => (dials++, inner.dial(options)),
      };
      const life = rig.life({ lookupPsk: () => new Uint8Array(32) });
      expect(await rig.until(life.begin(dialer))).to.equal(false);
      expect(life.state).to.include({ name: "backoff", delayMs: 30_000 });
      await rig.pass(29_999);
      expect(dials).to.equal(1);
      await rig.pass(600_000);
      expect(dials).to.equal(21);
      expect(new Set(rig.events)).to.deep.equal(new Set(["failed AUTH"]));
      await end(life);
    });

    it("that this device has not means INVALID_ARG, for good", async () => {
      const life = rig.life({ lookupPsk: () => null });
      expect(await rig.until(life.begin(rig.dialer()))).to.equal(false);
      expect(rig.events).to.deep.equal(["failed INVALID_ARG for good"]);
      rig.expectNothingLeft();
    });

    it("is looked up for each attempt, and a lookup that fails is tried again at the cap", async () => {
      let calls = 0;
      const life = rig.life({
        lookupPsk: async () => {
          if (calls++ === 0) throw new Error("the vault is shut");
          return new TextEncoder().encode(PSK);
        },
      });
      await rig.until(life.begin(rig.dialer()));
      expect(rig.events).to.deep.equal(["failed AUTH"]);
      await rig.pass(30_000);
      expect(rig.events).to.deep.equal(["failed AUTH", "session"]);
      await end(life);
    });

    it("and a delay function that throws are told, and the longest delay is taken", async () => {
      const life = rig.life({
        lookupPsk: () => Promise.reject(new Error("shut")),
        backoff: {
          delayMs: () => {
            throw new Error("no idea");
          },
        },
      });
      expect(await rig.until(life.begin(rig.dialer()))).to.equal(false);
      expect(rig.events).to.deep.equal(["error HANDLER", "failed AUTH"]);
      expect(life.state).to.include({ name: "backoff", delayMs: 30_000 });
      await end(life);
    });

    it("that never comes is given up after the handshake's time, and looked up again at the cap", async () => {
      let calls = 0;
      const life = rig.life({ lookupPsk: () => (calls++, new Promise(() => {})) });
      const begun = life.begin(rig.dialer());
      await rig.pass(9_999);
      expect(rig.events).to.deep.equal([]);
      await rig.pass(1);
      expect(await begun).to.equal(false);
      expect(rig.events).to.deep.equal(["failed AUTH"]);
      await rig.pass(30_000);
      expect(calls).to.equal(2);
      await end(life);
    });

    it("that never comes keeps no close() waiting", async () => {
      const life = rig.life({ lookupPsk: () => new Promise(() => {}) });
      const begun = life.begin(rig.dialer());
      await rig.pass();
      await rig.until(life.close(closing()));
      expect(await begun).to.equal(false);
      expect(rig.events).to.deep.equal([]);
      rig.expectNothingLeft();
    });

    it("that comes after close() is wiped and not used", async () => {
      let give: (psk: Uint8Array) => void = () => {};
      const life = rig.life({ lookupPsk: () => new Promise((resolve) => (give = resolve)) });
      void life.begin(rig.dialer());
      await rig.pass();
      await rig.until(life.close(closing()));
      const psk = new Uint8Array(32).fill(7);
      give(psk);
      await rig.pass();
      expect([...new Set(psk)]).to.deep.equal([0]);
      rig.expectNothingLeft();
    });
  });

  describe("a transport", () => {
    it("that throws what is no UsmpError is retried as TRANSPORT with the cause", async () => {
      const cause = new Error("no modem");
      const errors: UsmpError[] = [];
      const life = rig.life({ handlers: { onFailed: (error) => void errors.push(error) } });
      const dialer: Dialer = { describe: () => "modem", dial: () => Promise.reject(cause) };
      expect(await rig.until(life.begin(dialer))).to.equal(false);
      expect(errors[0]).to.include({ code: "TRANSPORT", cause });
      expect(life.state.name).to.equal("backoff");
      await end(life);
    });

    it("that throws at once is no different", async () => {
      const life = rig.life();
      const dialer: Dialer = {
        describe: () => "modem",
        dial: () => {
          throw new UsmpError("INVALID_ARG", "no such modem");
        },
      };
      expect(await rig.until(life.begin(dialer))).to.equal(false);
      expect(rig.events).to.deep.equal(["failed INVALID_ARG for good"]);
    });
  });

  describe("half-open links", () => {
    const TWO_INTERVALS_MS = 60_000;

    it("are found within two keepalive intervals by a device that only sends (case 70)", async () => {
      const life = await INTO.established!(rig);
      for (let seconds = 0; seconds < 95; seconds += 5) {
        life.session!.send("reading");
        await rig.pass(5_000);
      }
      rig.network.freeze();
      const frozenAt = rig.clock.now();
      while (life.session !== null && rig.clock.now() - frozenAt < 2 * TWO_INTERVALS_MS) {
        life.session.send("reading");
        await rig.pass(1_000);
      }
      expect(rig.events.at(-1)).to.equal("lost TIMEOUT");
      expect(rig.clock.now() - frozenAt).to.be.at.most(TWO_INTERVALS_MS);
      await end(life);
    });

    it("are found within two keepalive intervals by a device that only receives (case 70)", async () => {
      const life = await INTO.established!(rig);
      for (let seconds = 0; seconds < 95; seconds += 5) {
        server.sessions()[0]!.send("command");
        await rig.pass(5_000);
      }
      expect(rig.events).to.deep.equal(["session"]);
      rig.network.freeze();
      await rig.pass(TWO_INTERVALS_MS);
      expect(rig.events).to.deep.equal(["session", "lost TIMEOUT"]);
      await end(life);
    });

    it("are none while a quiet gateway answers PING", async () => {
      const life = await INTO.established!(rig);
      await rig.pass(3_600_000);
      expect(rig.events).to.deep.equal(["session"]);
      await end(life);
    });

    it("leave a frozen dial, which times out and is tried again", async () => {
      const life = await INTO.opening!(rig);
      await rig.pass(10_000);
      expect(rig.events).to.deep.equal(["failed TIMEOUT"]);
      rig.network.thaw();
      await rig.pass(1_000);
      expect(rig.events.at(-1)).to.equal("session");
      await end(life);
    });
  });

  for (const [name, into] of Object.entries(INTO)) {
    describe(`in state ${name}`, () => {
      it("is there", async () => {
        const life = await into(rig);
        expect(life.state.name).to.equal(name);
        await end(life);
      });

      it("begins a new life whose first session is no reconnect", async () => {
        const life = await into(rig);
        rig.events.length = 0;
        rig.network.thaw();
        expect(await rig.until(life.begin(rig.dialer()))).to.equal(true);
        await rig.pass(120_000);
        expect(rig.events).to.deep.equal(name === "established" ? ["lost CLOSED", "session"] : ["session"]);
        expect(server.sessions()).to.have.lengthOf(1);
        await end(life);
      });

      it("closes, leaves nothing behind and says nothing afterwards", async () => {
        const life = await into(rig);
        rig.events.length = 0;
        rig.network.thaw();
        await rig.until(life.close(closing()));
        expect(rig.events).to.deep.equal(name === "established" ? ["lost CLOSED"] : []);
        await end(life);
        await rig.pass(120_000);
        expect(rig.events).to.have.lengthOf(name === "established" ? 1 : 0);
        expect(life.state.name).to.equal("closed");
      });

      it("closes twice, at once and again", async () => {
        const life = await into(rig);
        rig.network.thaw();
        await rig.until(Promise.all([life.close(closing()), life.close(closing())]));
        await rig.until(life.close(closing()));
        await end(life);
      });

      it("reconnects now, or not at all where there is no life", async () => {
        const life = await into(rig);
        rig.events.length = 0;
        rig.network.thaw();
        if (name === "backoff" || name === "handshaking") {
          // The dialer of this life leads nowhere: it is dialed at once all the same.
          const before = rig.clock.now();
          const again = life.reconnect();
          await rig.pass();
          if (name === "backoff") expect(rig.events).to.deep.equal(["failed TRANSPORT"]);
          else expect(life.state).to.include({ name: "handshaking", attempt: 2 });
          expect(rig.clock.now()).to.equal(before);
          await end(life);
          expect(await again).to.equal(false);
          return;
        }
        const active = name === "opening" || name === "established";
        expect(await rig.until(life.reconnect())).to.equal(active);
        const expected = { opening: ["session"], established: ["lost CLOSED", "session again"] };
        expect(rig.events).to.deep.equal(active ? expected[name] : []);
        expect(life.state.name).to.equal(active ? "established" : name);
        await end(life);
      });
    });
  }

  describe("promises", () => {
    it("of a begin that another one replaces resolve false, and one session remains", async () => {
      const life = rig.life();
      const results = await rig.until(Promise.all([life.begin(rig.dialer()), life.begin(rig.dialer())]));
      expect(results).to.deep.equal([false, true]);
      await rig.pass(60_000);
      expect(rig.events).to.deep.equal(["session"]);
      expect(server.sessions()).to.have.lengthOf(1);
      expect(rig.network.openCables).to.equal(1);
      await end(life);
    });

    it("of begin and reconnect resolve false on close", async () => {
      const life = await INTO.opening!(rig);
      const begun = life.begin(rig.dialer());
      const again = life.reconnect();
      await rig.pass();
      rig.network.thaw();
      await rig.until(life.close(closing()));
      expect(await Promise.all([begun, again])).to.deep.equal([false, false]);
      await end(life);
    });

    it("of begin tells true although onConnect has closed again", async () => {
      const life: ReconnectLoop = rig.life({ handlers: { onSession: () => void life.close(closing()) } });
      expect(await rig.until(life.begin(rig.dialer()))).to.equal(true);
      expect(rig.events).to.deep.equal(["session", "lost CLOSED"]);
      await end(life);
    });

    it("of close does not wait for a life that begins after it", async () => {
      const life = await INTO.established!(rig);
      const closed = life.close(closing());
      void life.begin(rig.dialer("mute"));
      await rig.pass(2_000);
      let done = false;
      void closed.then(() => (done = true));
      await rig.pass();
      expect(done).to.equal(true);
      await end(life);
    });
  });

  describe("within its own callbacks", () => {
    const during = (name: "onSession" | "onLost" | "onFailed", act: (life: ReconnectLoop) => void): ReconnectLoop => {
      let acted = false;
      const once = (): void => {
        if (acted) return;
        acted = true;
        act(life);
      };
      const life: ReconnectLoop = rig.life({ handlers: { [name]: once } });
      return life;
    };
    /** Brings a life to its callback: connected, cut, or refused. */
    const provoke = async (life: ReconnectLoop, name: "onSession" | "onLost" | "onFailed"): Promise<void> => {
      await rig.until(life.begin(rig.dialer(name === "onFailed" ? "nobody" : undefined)));
      if (name === "onLost") rig.network.cut();
      await rig.pass();
    };

    for (const name of ["onSession", "onLost", "onFailed"] as const) {
      it(`closes for good in ${name}, and close resolves with nothing left`, async () => {
        let left: object | null = null;
        const life = during(name, (own) => {
          void own.close(closing()).then(() => (left = { timers: rig.clock.pending, state: own.state.name }));
        });
        await provoke(life, name);
        await rig.pass(120_000);
        expect(left).to.be.an("object").that.includes({ state: "closed" });
        expect(life.state.name).to.equal("closed");
        expect(rig.events.filter((event) => event.startsWith("session"))).to.have.lengthOf(name === "onFailed" ? 0 : 1);
        await end(life);
      });

      it(`begins anew in ${name}, and only the new life goes on`, async () => {
        const life = during(name, (own) => void own.begin(rig.dialer()));
        await provoke(life, name);
        await rig.pass(120_000);
        expect(life.state).to.include({ name: "established", sessions: 1 });
        expect(rig.events.at(-1)).to.equal("session");
        expect(rig.network.openCables).to.equal(1);
        await end(life);
      });

      it(`reconnects in ${name}, without a delay`, async () => {
        const life = during(name, (own) => void own.reconnect());
        await provoke(life, name);
        expect(life.state).to.include(
          name === "onFailed" ? { name: "backoff", attempt: 2 } : { name: "established", attempt: 2 },
        );
        await rig.pass(500);
        await end(life);
      });
    }

    it("says in onLost what comes next", async () => {
      const states: string[] = [];
      const life: ReconnectLoop = rig.life({ handlers: { onLost: () => void states.push(life.state.name) } });
      await rig.until(life.begin(rig.dialer()));
      rig.network.cut();
      await rig.pass(1_000);
      await rig.until(life.close(closing()));
      expect(states).to.deep.equal(["backoff", "closed"]);
      await end(life);
    });
  });

  describe("after the end of a session", () => {
    it("close waits for the link of a session that the gateway has ended", async () => {
      const life = await INTO.established!(rig);
      let cables = -1;
      rig.sessions[0]!.on("close", () => {
        void life.close(closing()).then(() => (cables = rig.network.openCables));
      });
      await rig.until(server.stop());
      await rig.pass(5_000);
      expect(cables).to.equal(0);
      await end(life);
    });

    it("close waits for the link of a session that reconnect has ended", async () => {
      const order: string[] = [];
      const life: ReconnectLoop = rig.life({
        handlers: {
          onLost: () => {
            void rig.sessions[0]!.close().then(() => order.push("link gone"));
            void life.close(closing()).then(() => order.push("closed"));
          },
        },
      });
      await rig.until(life.begin(rig.dialer()));
      expect(await rig.until(life.reconnect())).to.equal(false);
      await rig.pass(2_000);
      expect(order).to.deep.equal(["link gone", "closed"]);
      await end(life);
    });

    it("a late end of an old connection does not touch the new one", async () => {
      const life = await INTO.established!(rig);
      const old = rig.owned[0]!;
      rig.network.conditions = { toAcceptor: { latencyMs: 300 }, toDialer: { latencyMs: 300 } };
      expect(await rig.until(life.reconnect())).to.equal(true);
      old.abandon(closing());
      await rig.pass(60_000);
      expect(rig.events).to.deep.equal(["session", "lost CLOSED", "session again"]);
      expect(life.state).to.include({ name: "established", attempt: 2 });
      await end(life);
    });
  });
});
