/** Case 76: a user's transport that misbehaves, member by member. What it does ends its own connection, and nothing else. */
import { expect } from "chai";
import type { Dialer, Link, LinkHandlers, Listener, ListenHandlers } from "../../lib/transport/transport.js";
import type { Usmp } from "../../lib/usmp.js";
import { FacadeRig, rejectionOf } from "../support/facade-rig.js";

const BROKEN = new Error("modem on fire");

function fails(): never {
  throw BROKEN;
}

/** `base` with other members; those that are left out go to `base`. */
function changed<Base extends object>(base: Base, members: object): Base {
  return new Proxy(base, {
    get: (target, name) => {
      const from: object = Object.hasOwn(members, name) ? members : target;
      const value: unknown = Reflect.get(from, name, from);
      return typeof value === "function" ? (value.bind(from) as unknown) : value;
    },
  });
}

/** Link handlers that are passed on, changed. */
function attaching(link: Link, change: (handlers: LinkHandlers) => Partial<LinkHandlers>): object {
  return { attach: (handlers: LinkHandlers) => link.attach({ ...passedOn(handlers), ...change(handlers) }) };
}

function passedOn(handlers: LinkHandlers): LinkHandlers {
  return {
    onBytes: (chunk) => handlers.onBytes(chunk),
    onEnd: () => handlers.onEnd(),
    onClose: (error) => handlers.onClose(error),
  };
}

type Spoil = (link: Link) => object;

const LINK_MEMBERS = ["attach", "send", "pause", "resume", "end", "destroy", "unref"] as const;

const LINKS: Readonly<Record<string, Spoil>> = {
  ...Object.fromEntries(LINK_MEMBERS.map((name) => [`${name}() throws`, () => ({ [name]: fails })])),
  ...Object.fromEntries(
    LINK_MEMBERS.map((name) => [`${name}() rejects`, () => ({ [name]: () => Promise.reject(BROKEN) })]),
  ),
  ...Object.fromEntries(
    LINK_MEMBERS.map((name) => [`${name}() throws undefined`, () => ({ [name]: throwsUndefined })]),
  ),
  ...Object.fromEntries(LINK_MEMBERS.map((name) => [`${name}() does nothing`, () => ({ [name]: () => {} })])),
  "remoteAddress throws": () => ({
    get remoteAddress() {
      return fails();
    },
  }),
  "remotePort throws": () => ({
    get remotePort() {
      return fails();
    },
  }),
  "carries throws": () => ({
    get carries() {
      return fails();
    },
  }),
  "remoteAddress is no text": () => ({ remoteAddress: null }),
  "onClose never comes": (link) => attaching(link, () => ({ onClose: () => {} })),
  "onClose comes twice": (link) =>
    attaching(link, (handlers) => ({ onClose: (error) => (handlers.onClose(error), handlers.onClose(error)) })),
  "onClose comes with junk": (link) =>
    attaching(link, (handlers) => ({ onClose: () => handlers.onClose("junk" as never) })),
  "onBytes, onEnd and onTrouble come after onClose": (link) =>
    attaching(link, (handlers) => ({
      onClose: (error) => {
        handlers.onClose(error);
        handlers.onBytes(Uint8Array.of(1, 2, 3));
        handlers.onTransientError?.(BROKEN as never);
        handlers.onEnd();
      },
    })),
  "onBytes gets junk": (link) => attaching(link, (handlers) => ({ onBytes: () => handlers.onBytes("junk" as never) })),
  "onBytes comes within attach()": (link) => ({
    attach: (handlers: LinkHandlers) => (link.attach(handlers), handlers.onBytes(Uint8Array.of(1, 2, 3))),
  }),
  "onClose comes within attach()": () => ({ attach: (handlers: LinkHandlers) => handlers.onClose() }),
  "onClose comes within send()": (link) => {
    let told: LinkHandlers | undefined;
    return { attach: (handlers: LinkHandlers) => link.attach((told = handlers)), send: () => told?.onClose() };
  },
  "onClose comes within destroy()": (link) => {
    let told: LinkHandlers | undefined;
    return {
      attach: (handlers: LinkHandlers) => link.attach((told = handlers)),
      destroy: () => (link.destroy(), told?.onClose()),
    };
  },
  "send() calls back at once": (link) => ({
    send: (bytes: Uint8Array, onFlushed: () => void) => (link.send(bytes, () => {}), onFlushed()),
  }),
  "send() calls back twice": (link) => ({
    send: (bytes: Uint8Array, onFlushed: () => void) => link.send(bytes, () => (onFlushed(), onFlushed())),
  }),
};

/** Those with which a session is no worse than with a good transport. */
const HARMLESS = new Set(["send() calls back at once", "send() calls back twice", "remoteAddress is no text"]);

async function rejectsWithNothing(): Promise<never> {
  return throwsUndefined();
}

function throwsUndefined(): never {
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- a user's transport may throw anything
  throw undefined;
}

function dialerOf(dial: Dialer["dial"]): Dialer {
  return { describe: () => "own", dial };
}

describe("case 76: a transport of the user's own that misbehaves", () => {
  let rig: FacadeRig;
  let gateway: Usmp;
  let other: Usmp;
  let heard: string[];

  beforeEach(async () => {
    rig = new FacadeRig();
    heard = [];
  });

  /** A gateway and a device that have nothing to do with it. */
  async function innocents(acceptor = rig.acceptor()): Promise<void> {
    gateway = rig.usmp();
    gateway.onError(() => {});
    gateway.onMessage((data, _length, session) => session.send(data));
    await rig.until(gateway.listen(acceptor, rig.acceptor("innocent")));
    other = rig.usmp();
    other.onMessage((data) => heard.push(data.toString()));
    expect(await rig.until(other.begin(rig.dialer("innocent")))).to.equal(true);
  }

  /** The others live, everything closes, and no timer is left. */
  async function expectContained(): Promise<void> {
    await rig.until(other.sendAsync("still here"));
    await rig.pass(1_000);
    expect(heard).to.deep.equal(["still here"]);
    await closeAll(gateway, other);
  }

  async function closeAll(...facades: Usmp[]): Promise<void> {
    const start = rig.clock.now();
    await rig.until(Promise.all(facades.map((facade) => facade.close())));
    expect(rig.clock.now() - start).to.be.at.most(5_000);
    await rig.pass(0);
    expect(rig.clock.pending, "timers left behind").to.equal(0);
  }

  /** Does all that a session can do. */
  async function use(facade: Usmp): Promise<void> {
    facade.send("one");
    facade.pause();
    await rig.pass(100);
    facade.resume();
    facade.unref();
    facade.send("two");
    await rig.pass(100);
  }

  for (const [what, spoil] of Object.entries(LINKS)) {
    it(`a device's link: ${what}`, async () => {
      await innocents();
      const device = rig.usmp({ reconnect: false, handshakeTimeoutMs: 3_000 });
      const errors: string[] = [];
      device.onError(({ code }) => errors.push(code));
      device.onDisconnect(({ code }) => errors.push(code));
      const connected = await rig.until(
        device.begin(dialerOf(async () => ((link) => changed(link, spoil(link)))(await rig.dialer().dial()))),
      );
      if (!connected) expect(device.lastErrorString()).to.match(/^(TRANSPORT|TIMEOUT|FRAME): /);
      await use(device);
      if (HARMLESS.has(what)) expect([connected, errors]).to.deep.equal([true, []]);
      for (const code of errors) expect(code).to.be.oneOf(["TRANSPORT", "TIMEOUT", "FRAME"]);
      if (/^(attach|send|pause|resume|unref|remote\w+|carries)(\(\))? (throws|rejects)/.test(what)) {
        expect(errors).to.deep.equal(["TRANSPORT"]);
      }
      await rig.until(device.close());
      await expectContained();
    });

    it(`a gateway's link: ${what}`, async () => {
      const good = rig.acceptor();
      await innocents({
        listen: (handlers: ListenHandlers) =>
          good.listen({ ...handlers, onLink: (link) => handlers.onLink(changed(link, spoil(link))) }),
      });
      const device = rig.usmp({ reconnect: false, handshakeTimeoutMs: 3_000 });
      const connected = await rig.until(device.begin(rig.dialer()));
      gateway.broadcast("to all");
      gateway.pause();
      await rig.pass(100);
      gateway.resume();
      gateway.unref();
      await use(device);
      if (HARMLESS.has(what)) expect([connected, device.alive()]).to.deep.equal([true, true]);
      await rig.until(device.close());
      heard.length = 0;
      await expectContained();
    });
  }

  for (const [what, dialer] of Object.entries<Dialer>({
    "dial() throws": dialerOf(fails),
    "dial() rejects with an error of its own": dialerOf(() => Promise.reject(BROKEN)),
    "dial() rejects with nothing": dialerOf(() => rejectsWithNothing()),
    "dial() gives nothing": dialerOf((() => undefined) as never),
    "dial() resolves with nothing": dialerOf(() => Promise.resolve(undefined as never)),
    "dial() resolves with junk": dialerOf(() => Promise.resolve({ remoteAddress: "x" } as never)),
    "dial() never settles": dialerOf(() => new Promise(() => {})),
    "then of what dial() gives throws": dialerOf((() => ({ then: fails })) as never),
    "describe() throws": { ...dialerOf(() => Promise.reject(BROKEN)), describe: fails },
    "kind throws": changed(
      dialerOf(() => Promise.reject(BROKEN)),
      {
        get kind() {
          return fails();
        },
      },
    ),
    "connectTimeoutMs throws": changed(dialerOf(fails), {
      get connectTimeoutMs() {
        return fails();
      },
    }),
  })) {
    it(`a device's dialer: ${what}`, async () => {
      const device = rig.usmp({ reconnect: { delayMs: () => 60_000 } });
      expect(await rig.until(device.begin(dialer))).to.equal(false);
      const code = what.includes("never settles") ? "TIMEOUT" : "TRANSPORT";
      expect(device.lastErrorString()).to.match(new RegExp(`^${code}: `));
      expect(device.state()).to.equal("backoff");
      await closeAll(device);
    });

    it(`a device's dialer: ${what}, and close() comes meanwhile`, async () => {
      const device = rig.usmp();
      const begun = device.begin(dialer);
      await closeAll(device);
      expect(await rig.until(begun)).to.equal(false);
    });
  }

  it("a device's dialer: dial() gives its link at once, or calls back twice, and that is taken", async () => {
    await innocents();
    const link = await rig.until(rig.dialer().dial());
    const another = await rig.until(rig.dialer().dial());
    for (const dial of [
      () => link,
      () => ({ then: (resolve: (link: Link) => void) => (resolve(another), resolve(link)) }),
    ]) {
      const device = rig.usmp({ reconnect: false });
      expect(await rig.until(device.begin(dialerOf(dial as never))), device.lastErrorString()).to.equal(true);
      await rig.until(device.close());
    }
    await expectContained();
  });

  it("a device's dialer: a link that comes after the attempt was given up is destroyed, whatever that throws", async () => {
    let open: (link: Link) => void = () => {};
    let destroyed = 0;
    const device = rig.usmp({ reconnect: false });
    const begun = device.begin(dialerOf(() => new Promise((resolve) => (open = resolve))));
    expect(await rig.until(begun)).to.equal(false);
    open({
      remoteAddress: "late",
      remotePort: 1,
      attach: fails,
      send: fails,
      destroy: () => (destroyed++, fails()),
    } as never);
    await rig.pass(0);
    expect(destroyed).to.equal(1);
    await closeAll(device);
  });

  const LISTENER: Listener = { kind: "own", address: "here", port: 1, close: () => Promise.resolve(), unref: () => {} };

  for (const [what, listen] of Object.entries<() => Promise<Listener>>({
    throws: fails,
    "rejects with nothing": () => rejectsWithNothing(),
    "gives nothing": (() => undefined) as never,
    "resolves with nothing": () => Promise.resolve(undefined as never),
    "never settles": () => new Promise(() => {}),
    "resolves with a listener whose address throws": () =>
      Promise.resolve(
        changed(LISTENER, {
          get address() {
            return fails();
          },
        }),
      ),
  })) {
    it(`a gateway's acceptor: listen() ${what}: nothing listens, and the others are closed`, async () => {
      gateway = rig.usmp();
      const listening = gateway.listen(rig.acceptor(), { listen });
      const error = rejectionOf(listening);
      await rig.until(error);
      expect((await error).code).to.equal(what === "never settles" ? "TIMEOUT" : "TRANSPORT");
      // Its name is free again.
      await rig.until(gateway.listen(rig.acceptor()));
      await closeAll(gateway);
    });

    it(`a gateway's acceptor: listen() ${what}, and close() comes meanwhile`, async () => {
      gateway = rig.usmp();
      gateway.onError(() => {});
      const error = rejectionOf(gateway.listen({ listen }));
      const start = rig.clock.now();
      await rig.until(gateway.close());
      expect(rig.clock.now() - start).to.be.at.most(5_000);
      await rig.until(error);
    });
  }

  for (const [what, members] of Object.entries<object>({
    "close() throws": { close: fails },
    "close() rejects": { close: () => Promise.reject(BROKEN) },
    "close() never settles": { close: () => new Promise(() => {}) },
    "unref() throws": { unref: fails },
  })) {
    it(`a gateway's listener: ${what}: that is said, and close() settles`, async () => {
      gateway = rig.usmp();
      const errors: string[] = [];
      gateway.onError(({ code }) => errors.push(code));
      const listen = (): Promise<Listener> => Promise.resolve({ ...LISTENER, ...members });
      await rig.until(gateway.listen({ listen }));
      gateway.unref();
      await closeAll(gateway);
      expect(errors).to.deep.equal(["TRANSPORT"]);
    });
  }

  it("a gateway's acceptor: what listens too late is closed, and its links are destroyed", async () => {
    gateway = rig.usmp();
    gateway.onError(() => {});
    let closed = 0;
    let destroyed = 0;
    let open: (listener: Listener) => void = () => {};
    let handlers: ListenHandlers | undefined;
    const listen = (given: ListenHandlers): Promise<Listener> =>
      new Promise((resolve) => ((handlers = given), (open = resolve)));
    const error = rejectionOf(gateway.listen({ listen }));
    await rig.until(gateway.close());
    open({ ...LISTENER, close: () => (closed++, fails()) });
    expect((await rig.until(error)).code).to.equal("CLOSED");
    await rig.until(gateway.listen(rig.acceptor()));
    handlers?.onLink({
      remoteAddress: "late",
      remotePort: 1,
      attach: fails,
      send: fails,
      destroy: () => destroyed++,
    } as never);
    expect([closed, destroyed]).to.deep.equal([1, 1]);
    await closeAll(gateway);
  });

  it("a gateway's acceptor: onLink() without a link, and onError() with junk, reach `error` as TRANSPORT", async () => {
    gateway = rig.usmp();
    const errors: string[] = [];
    gateway.onError(({ code }) => errors.push(code));
    const listen = (handlers: ListenHandlers): Promise<Listener> => {
      handlers.onLink(null as never);
      handlers.onLink({} as never);
      handlers.onError("junk" as never);
      return Promise.resolve(LISTENER);
    };
    await rig.until(gateway.listen({ listen }));
    expect(errors).to.deep.equal(["TRANSPORT", "TRANSPORT", "TRANSPORT"]);
    await closeAll(gateway);
  });
});
