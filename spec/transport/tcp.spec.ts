import { getEventListeners } from "node:events";
import net from "node:net";
import { networkInterfaces } from "node:os";

import { expect } from "chai";
import sinon from "sinon";

import { isUsmpError, type UsmpError } from "../../lib/errors.js";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { connectFailure, linkFailure, listenFailure } from "../../lib/transport/system-errors.js";
import { TcpTransport } from "../../lib/transport/tcp.js";
import type { Link, Listener, ListenHandlers } from "../../lib/transport/transport.js";
import { streamTransportCases } from "../../lib/testing/conformance/stream-cases.js";
import { LinkRecorder, rejection, turn, within } from "../support/transport-recorder.js";

const LOOPBACK = "127.0.0.1";
const HAS_IPV6 = Object.values(networkInterfaces()).some((list) => list?.some(({ family }) => family === "IPv6"));

describe("TcpTransport", () => {
  const listeners: Listener[] = [];
  const links: Link[] = [];

  afterEach(async () => {
    sinon.restore();
    for (const link of links.splice(0)) link.destroy();
    for (const listener of listeners.splice(0)) await listener.close();
  });

  async function listen(transport: TcpTransport, handlers: Partial<ListenHandlers> = {}): Promise<Listener> {
    const listener = await within(
      transport.listen({
        onLink: (link) => {
          links.push(link);
          if (handlers.onLink === undefined) new LinkRecorder(link);
          else handlers.onLink(link);
        },
        onError: handlers.onError ?? ((error) => expect.fail(error.message)),
      }),
    );
    listeners.push(listener);
    return listener;
  }

  /** The sockets on which somebody calls `connect` from here on. */
  function watchSockets(): () => net.Socket[] {
    const spy = sinon.spy(net.Socket.prototype, "connect");
    return () => spy.thisValues as net.Socket[];
  }

  describe("as every transport", () => {
    const rig = {
      acceptor: () => new TcpTransport(LOOPBACK, 0),
      acceptorAt: (listener: Listener) => new TcpTransport(LOOPBACK, listener.port),
      dialer: (listener: Listener) => new TcpTransport(LOOPBACK, listener.port),
    };
    for (const { name, run } of streamTransportCases(() => rig)) it(name, run);
  });

  describe("arguments", () => {
    for (const [what, host, port] of [
      ["an empty host", "", 9000],
      ["a blank host", "  ", 9000],
      ["no host", undefined, 9000],
      ["a number as host", 9000, 9000],
      ["a negative port", LOOPBACK, -1],
      ["a port above 65535", LOOPBACK, 65_536],
      ["a fractional port", LOOPBACK, 1.5],
      ["a port that is not a number", LOOPBACK, "9000"],
    ] as const) {
      it(`rejects ${what} with INVALID_ARG, naming what was given`, () => {
        const given = port === 9000 ? host : port;
        const error = thrown(() => new TcpTransport(host as string, port as number));
        expect(error.code).to.equal("INVALID_ARG");
        expect(error.message).to.include(`got ${typeof given === "string" ? JSON.stringify(given) : String(given)}`);
      });
    }

    it("rejects a connect timeout and a keep-alive out of range with INVALID_ARG", () => {
      expect(thrown(() => new TcpTransport(LOOPBACK, 1, { connectTimeoutMs: 0 })).code).to.equal("INVALID_ARG");
      expect(thrown(() => new TcpTransport(LOOPBACK, 1, { connectTimeoutMs: 2 ** 31 })).code).to.equal("INVALID_ARG");
      expect(thrown(() => new TcpTransport(LOOPBACK, 1, { keepAliveMs: 10 })).code).to.equal("INVALID_ARG");
    });

    it("takes port 9000 where none is given", () => {
      expect(new TcpTransport("192.168.1.100").describe()).to.equal("tcp 192.168.1.100:9000");
      expect(new TcpTransport("::1", 7).describe()).to.equal("tcp [::1]:7");
    });

    it("accepts the wifi call of a sketch and returns itself", () => {
      const transport = new TcpTransport(LOOPBACK);
      expect(transport.wifi("network", "password")).to.equal(transport);
    });

    it("refuses to dial port 0 and the wildcard addresses with INVALID_ARG", async () => {
      for (const transport of [new TcpTransport(LOOPBACK, 0), new TcpTransport("0.0.0.0"), new TcpTransport("::")]) {
        expect((await rejection(transport.dial())).code).to.equal("INVALID_ARG");
      }
    });
  });

  describe("dial", () => {
    it("rejects with TIMEOUT when its clock says so, and leaves nothing behind", async () => {
      const listener = await listen(new TcpTransport(LOOPBACK, 0));
      const clock = new VirtualClock();
      const { signal } = new AbortController();
      const sockets = watchSockets();
      const dialing = rejection(
        new TcpTransport(LOOPBACK, listener.port, { connectTimeoutMs: 500, clock }).dial({ signal }),
      );
      // Simulated time passes before the event loop, which is what completes a connection, gets its turn.
      await clock.advance(500);
      const error = await within(dialing);
      expect(error.code).to.equal("TIMEOUT");
      expect(error.message).to.include("500 ms").and.to.include("is the address right");
      expectNothingLeft(sockets(), clock, signal);
    });

    it("rejects with CLOSED when aborted on the way, and leaves nothing behind", async () => {
      const listener = await listen(new TcpTransport(LOOPBACK, 0));
      const clock = new VirtualClock();
      const controller = new AbortController();
      const sockets = watchSockets();
      const dialing = rejection(
        new TcpTransport(LOOPBACK, listener.port, { clock }).dial({ signal: controller.signal }),
      );
      const reason = new Error("changed my mind");
      controller.abort(reason);
      const error = await within(dialing);
      expect([error.code, error.cause]).to.deep.equal(["CLOSED", reason]);
      expectNothingLeft(sockets(), clock, controller.signal);
    });

    it("leaves nothing behind when refused", async () => {
      const listener = await listen(new TcpTransport(LOOPBACK, 0));
      await listener.close();
      const clock = new VirtualClock();
      const { signal } = new AbortController();
      const sockets = watchSockets();
      await within(rejection(new TcpTransport(LOOPBACK, listener.port, { clock }).dial({ signal })));
      expectNothingLeft(sockets(), clock, signal);
    });

    it("leaves no timer and no signal listener behind when connected", async () => {
      const listener = await listen(new TcpTransport(LOOPBACK, 0));
      const clock = new VirtualClock();
      const { signal } = new AbortController();
      links.push(await within(new TcpTransport(LOOPBACK, listener.port, { clock }).dial({ signal })));
      expect(clock.pending).to.equal(0);
      expect(getEventListeners(signal, "abort")).to.have.length(0);
    });

    it("says what refused also for a name with several addresses", async () => {
      const listener = await listen(new TcpTransport(LOOPBACK, 0));
      await listener.close();
      const error = await within(rejection(new TcpTransport("localhost", listener.port).dial()));
      expect(error.code).to.equal("TRANSPORT");
      expect(error.message).to.include(`nothing listens on localhost:${listener.port}`);
    });
  });

  describe("listen", () => {
    it("lets the system choose a port for 0", async () => {
      const listener = await listen(new TcpTransport(LOOPBACK, 0));
      expect(listener.port).to.be.greaterThan(0);
      expect(listener.address).to.equal(LOOPBACK);
    });

    it("rejects with TRANSPORT for an address of another machine", async () => {
      // TEST-NET-3 (RFC 5737) belongs to nobody.
      const error = await within(rejection(listen(new TcpTransport("203.0.113.1", 0))));
      expect(error.code).to.equal("TRANSPORT");
      expect((error.cause as { code?: string }).code).to.equal("EADDRNOTAVAIL");
      expect(error.message).to.include("this machine does not have that address");
    });

    it("reports a later failure to onError with TRANSPORT", async () => {
      const spy = sinon.spy(net.Server.prototype, "listen");
      const errors: UsmpError[] = [];
      await listen(new TcpTransport(LOOPBACK, 0), { onError: (error) => errors.push(error) });
      const cause = Object.assign(new Error("accept EMFILE"), { code: "EMFILE" });
      (spy.thisValues[0] as net.Server).emit("error", cause);
      expect(errors.map(({ code, cause }) => [code, cause])).to.deep.equal([["TRANSPORT", cause]]);
    });

    const expectNoIpv6 = async (host: string): Promise<void> => {
      const { code } = await within(rejection(listen(new TcpTransport(host, 0))));
      expect(code).to.equal("TRANSPORT");
    };

    it("works over IPv6, or says that this machine has none", async () => {
      if (!HAS_IPV6) return expectNoIpv6("::1");
      const listener = await listen(new TcpTransport("::1", 0));
      for (const host of ["::1", "0:0:0:0:0:0:0:1", "0000::1"]) {
        const link = await within(new TcpTransport(host, listener.port).dial());
        links.push(link);
        expect(link.remoteAddress).to.equal("::1");
      }
    });

    it("shows an IPv4 peer of a dual-stack listener as IPv4, or says that this machine has no IPv6", async () => {
      if (!HAS_IPV6) return expectNoIpv6("::");
      let accepted: (link: Link) => void;
      const accepting = new Promise<Link>((resolve) => (accepted = resolve));
      const onLink = (link: Link): void => accepted(new LinkRecorder(link).link);
      const listener = await listen(new TcpTransport("::", 0), { onLink });
      links.push(await within(new TcpTransport(LOOPBACK, listener.port).dial()));
      expect((await within(accepting)).remoteAddress).to.equal(LOOPBACK);
    });
  });

  describe("unref", () => {
    it("of links and listener lets the process end", async () => {
      const held = heldByTcp();
      let accepted: (link: Link) => void;
      const accepting = new Promise<Link>((resolve) => (accepted = resolve));
      const listener = await listen(new TcpTransport(LOOPBACK, 0), {
        onLink: (link) => accepted(new LinkRecorder(link).link),
      });
      const dialed = await within(new TcpTransport(LOOPBACK, listener.port).dial());
      links.push(dialed);
      const acceptedLink = await within(accepting);
      expect(heldByTcp()).to.equal(held + 3);
      for (const open of [listener, dialed, acceptedLink]) open.unref();
      expect(heldByTcp()).to.equal(held);
    });
  });

  describe("a link", () => {
    it("leaves what comes to the kernel until it is attached", async () => {
      const listener = await listen(new TcpTransport(LOOPBACK, 0), {
        onLink: (link) => new LinkRecorder(link).link.send(new Uint8Array(1_000), () => {}),
      });
      const sockets = watchSockets();
      const dialed = await within(new TcpTransport(LOOPBACK, listener.port).dial());
      links.push(dialed);
      for (let turns = 0; turns < 20; turns++) await turn();
      expect(sockets()[0]?.bytesRead).to.equal(0);
      await within(new LinkRecorder(dialed).received(1_000));
    });

    it("breaks with TRANSPORT when the peer resets it, and leaves no listener behind", async () => {
      let accepted: (recorder: LinkRecorder) => void;
      const accepting = new Promise<LinkRecorder>((resolve) => (accepted = resolve));
      const listener = await listen(new TcpTransport(LOOPBACK, 0), {
        onLink: (link) => accepted(new LinkRecorder(link)),
      });
      const sockets = watchSockets();
      const dialed = await within(new TcpTransport(LOOPBACK, listener.port, { keepAliveMs: 5_000 }).dial());
      const peer = await within(accepting);
      const recorder = new LinkRecorder(dialed);
      const [socket] = sockets();
      socket?.resetAndDestroy();
      await within(Promise.all([peer.closed(), recorder.closed()]));
      expect(peer.closeError?.code).to.equal("TRANSPORT");
      expect(peer.closeError?.message).to.include("ECONNRESET");
      expect(peer.events).to.deep.equal(["close"]);
      expect(["data", "close", "error"].map((event) => socket?.listenerCount(event))).to.deep.equal([0, 0, 0]);
    });
  });

  describe("messages", () => {
    for (const [code, expected] of [
      ["ECONNREFUSED", "nothing listens on board.local:9000"],
      ["ENOTFOUND", `the name "board.local" is not known`],
      ["EAI_AGAIN", "could not be looked up"],
      ["EHOSTUNREACH", "is it switched on"],
      ["ENETUNREACH", "no route to board.local"],
      ["ETIMEDOUT", "firewall"],
      ["ECONNRESET", "closed the connection at once"],
      ["EWHATEVER", "connecting to board.local:9000 failed (EWHATEVER)"],
    ] as const) {
      it(`say what to do when connecting fails with ${code}`, () => {
        const cause = systemError(code);
        const error = connectFailure(cause, "board.local", 9000);
        expect([error.code, error.cause]).to.deep.equal(["TRANSPORT", cause]);
        expect(error.message).to.include(expected).and.to.include(code);
      });
    }

    it("take the most telling of several addresses' errors", () => {
      const several = new AggregateError([systemError("ENETUNREACH"), systemError("ECONNREFUSED")]);
      expect(connectFailure(several, "localhost", 9000).message).to.include("nothing listens");
      expect(connectFailure(new AggregateError([systemError("EODD")]), "localhost", 9000).message).to.include("EODD");
    });

    it("say what to do when listening fails or a connection breaks", () => {
      expect(listenFailure(systemError("EADDRINUSE"), "0.0.0.0", 9000).message).to.include(
        "port 9000 is already in use; stop the program that uses it",
      );
      expect(listenFailure(systemError("EACCES"), "0.0.0.0", 80).message).to.include("1024");
      expect(linkFailure(systemError("ETIMEDOUT"), "::1", 9000).message).to.include(
        "[::1]:9000 broke: the peer stopped",
      );
      expect(linkFailure("odd", LOOPBACK, 9000).message).to.include("(odd)");
    });
  });
});

function expectNothingLeft(sockets: readonly net.Socket[], clock: VirtualClock, signal: AbortSignal): void {
  expect(sockets.map((socket) => socket.destroyed)).to.deep.equal([true]);
  expect(clock.pending).to.equal(0);
  expect(getEventListeners(signal, "abort")).to.have.length(0);
}

/** How many TCP handles keep this process alive. */
function heldByTcp(): number {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith("TCP")).length;
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function thrown(call: () => unknown): UsmpError {
  try {
    call();
  } catch (error) {
    if (isUsmpError(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
