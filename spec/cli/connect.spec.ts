import { expect } from "chai";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import sinon from "sinon";
import { UsmpServer, type UsmpServerOptions, type UsmpSession } from "../../lib/index.js";
import { turn } from "../support/patience.js";
import { finished, Terminal, until, type TerminalOptions } from "./terminal.js";

const PSK = "a key of enough text";
const HOST = "127.0.0.1";
const HAS_IPV6_LOOPBACK = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === "::1"),
);
const ENV = { USMP_PSK: PSK };
/** Where the session's end is what ends the program. */
const LONG_WAIT = ["--wait", "1000000"];

describe("usmp connect", () => {
  const servers: UsmpServer[] = [];
  const terminals: Terminal[] = [];
  const strangers: Server[] = [];
  const sockets: Socket[] = [];

  afterEach(async () => {
    sinon.restore();
    await Promise.all(terminals.splice(0).map((terminal) => terminal.stop()));
    await Promise.all(servers.splice(0).map((server) => server.stop()));
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const stranger of strangers.splice(0)) stranger.close();
  });

  async function gateway(
    onSession: (session: UsmpSession) => unknown,
    options: Partial<UsmpServerOptions> = {},
  ): Promise<{ server: UsmpServer; port: number; received: string[] }> {
    const server = new UsmpServer({ psk: PSK, host: HOST, port: 0, ...options });
    const received: string[] = [];
    server.onSession((session) => {
      session.onMessage((data) => received.push(Buffer.from(data).toString()));
      return onSession(session);
    });
    const [address] = await server.listen();
    servers.push(server);
    return { server, port: address?.port ?? 0, received };
  }

  /** Echoes, and ends the session when that many were answered: nothing is left to wait for. */
  const echoOnly =
    (count: number) =>
    (session: UsmpSession): void => {
      let answered = 0;
      session.on("message", async (data) => {
        await session.sendAsync(data);
        if (++answered === count) await session.close();
      });
    };
  const silent = (): void => {};

  function device(port: number, args: readonly string[] = [], options: TerminalOptions = {}): Terminal {
    const terminal = new Terminal(["connect", `${HOST}:${port}`, "--wait", "0", ...args], { env: ENV, ...options });
    terminals.push(terminal);
    return terminal;
  }

  /** A TCP server that is no gateway. */
  async function stranger(onConnection: (socket: Socket) => void): Promise<number> {
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      onConnection(socket);
    });
    server.listen(0, HOST);
    await once(server, "listening");
    strangers.push(server);
    return (server.address() as AddressInfo).port;
  }

  it("sends lines, prints the answers on stdout alone, and ends when the input did", async () => {
    const { port, received } = await gateway(echoOnly(3));
    const terminal = device(port, LONG_WAIT, { input: "hello\n\nthe last, without a newline" });
    expect(await terminal.exitCode).to.equal(0);
    expect(terminal.out.text).to.equal("hello\n\nthe last, without a newline\n");
    expect(received).to.deep.equal(["hello", "", "the last, without a newline"]);
    expect(terminal.err.text).to.match(/^usmp: connected to 127\.0\.0\.1:\d+ as [0-9a-f:]{17}\n$/);
  });

  it("delivers everything before BYE where nobody answers", async () => {
    const { port, received } = await gateway(silent);
    const lines = Array.from({ length: 2_000 }, (_, index) => `line ${index}`);
    const terminal = device(port, [], { input: `${lines.join("\n")}\n` });
    expect(await terminal.exitCode).to.equal(0);
    expect(terminal.out.text).to.equal("");
    await until(() => received.length === lines.length);
    expect(received).to.deep.equal(lines);
  });

  it("prints what comes while the input is open", async () => {
    const { port } = await gateway((session) => session.send("welcome"));
    const terminal = device(port);
    await terminal.out.match(/^welcome\n/);
    terminal.stdin.end();
    expect(await terminal.exitCode).to.equal(0);
  });

  it("waits for as long as answers keep coming", async () => {
    const { port, server, received } = await gateway(silent);
    const time = sinon.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldClearNativeTimers: true });
    const terminal = device(port, ["--wait", "120"], { input: "go\n" });
    await until(() => received.length > 0);
    let ended = false;
    void terminal.exitCode.then(() => (ended = true));
    for (let count = 1; count <= 8; count++) {
      server.sessions()[0]!.send(`answer ${count}`);
      await until(() => terminal.out.lines.length === count);
      time.tick(119);
      await turn();
      expect(ended).to.equal(false);
    }
    await until(() => (time.tick(1), ended));
    expect(await terminal.exitCode).to.equal(0);
  });

  it("is the device that it is told to be", async () => {
    const ids: string[] = [];
    const { port } = await gateway((session) => ids.push(session.deviceId));
    await device(port, ["--device-id", "24:0A:C4:01:02:03"], { input: "" }).exitCode;
    expect(ids).to.deep.equal(["24:0a:c4:01:02:03"]);
  });

  it("speaks the other cipher when told to", async () => {
    const { port } = await gateway(echoOnly(1), { cipher: "chacha20-poly1305" });
    const terminal = device(port, [...LONG_WAIT, "--cipher", "chacha20-poly1305"], { input: "hello\n" });
    expect(await terminal.exitCode).to.equal(0);
    expect(terminal.out.text).to.equal("hello\n");
  });

  it("rotates its keys at the age that it is told", async () => {
    const rotations: string[] = [];
    const { port } = await gateway((session) => session.on("rekey", (by) => rotations.push(by)));
    device(port, ["--rekey-after", "20", ...LONG_WAIT], { input: "" });
    await until(() => rotations.length > 0);
    expect(rotations).to.deep.equal(["peer"]);
  });

  (HAS_IPV6_LOOPBACK ? it : it.skip)("connects to an IPv6 address in brackets", async () => {
    const { port } = await gateway(echoOnly(1), { host: "::1" });
    const argv = ["connect", `[::1]:${port}`, ...LONG_WAIT];
    const { exitCode, out } = await finished(argv, { env: ENV, input: "six\n" });
    expect({ exitCode, out }).to.deep.equal({ exitCode: 0, out: "six\n" });
  });

  it("refuses a line of 1809 bytes, sends the others, and fails at the end", async () => {
    const { port, received } = await gateway(silent);
    const longest = "x".repeat(1808);
    const terminal = device(port, [], { input: `${longest}\n${longest}x\nafter\n` });
    expect(await terminal.exitCode).to.equal(1);
    expect(received).to.deep.equal([longest, "after"]);
    expect(terminal.err.text).to.match(/^usmp: a line of 1809 bytes was not sent: a message holds at most 1808$/m);
  });

  it("keeps a hostile gateway from the terminal (case 57)", async () => {
    const { port } = await gateway((session) => {
      session.send("\u001b[2J\nforged");
      session.send(Uint8Array.of(0xc3, 0x28));
    });
    const terminal = device(port);
    await terminal.out.match(/hex:c328\n/);
    expect(terminal.out.text).to.equal("\\x1b[2J\\nforged\nhex:c328\n");
    terminal.stdin.end();
    await terminal.exitCode;
  });

  for (const [what, onConnection, said] of [
    ["speaks HTTP", (socket: Socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"), /magic|USMP/i],
    ["hangs up", (socket: Socket) => socket.end(), /closed the connection/],
    ["resets the connection", (socket: Socket) => socket.resetAndDestroy(), /closed|broke|reset/i],
  ] as const) {
    it(`fails in one line against a server that ${what}`, async () => {
      const port = await stranger(onConnection);
      const { exitCode, out, err } = await finished(["connect", `${HOST}:${port}`], { env: ENV });
      expect({ exitCode, out }).to.deep.equal({ exitCode: 1, out: "" });
      expect(err)
        .to.match(said)
        .and.to.match(/^usmp: [^\n]*\n$/);
    });
  }

  it("fails in one line against a port where nothing listens", async () => {
    const port = await stranger(() => {});
    const closed = strangers.pop();
    closed?.close();
    await once(closed as Server, "close");
    const { exitCode, err } = await finished(["connect", `${HOST}:${port}`], { env: ENV });
    expect(exitCode).to.equal(1);
    expect(err).to.match(/^usmp: nothing listens on 127\.0\.0\.1:\d+: is the gateway running.*ECONNREFUSED\)\n$/);
  });

  it("fails with a wrong key, says so, and shows neither", async () => {
    const { port } = await gateway(silent);
    const wrong = "another key, as long";
    const { exitCode, out, err } = await finished(["connect", `${HOST}:${port}`], { env: { USMP_PSK: wrong } });
    expect({ exitCode, out }).to.deep.equal({ exitCode: 1, out: "" });
    expect(err)
      .to.match(/^usmp: [^\n]*same PSK[^\n]*\n$/)
      .and.not.to.contain(wrong)
      .and.not.to.contain(PSK);
  });

  it("fails when the session is lost while there may be more to send", async () => {
    const port = await gateway(silent);
    const terminal = device(port.port);
    await terminal.err.match(/connected/);
    await port.server.stop();
    expect(await terminal.exitCode).to.equal(1);
    expect(terminal.err.text).to.match(/^usmp: the session ended: .*\(BYE\)$/m);
    expect(terminal.stdin.destroyed).to.equal(true);
  });

  it("succeeds when the gateway ends the session after all was said", async () => {
    const { port } = await gateway((session) => session.on("message", () => session.close()));
    const terminal = device(port, LONG_WAIT, { input: "goodbye\n" });
    expect(await terminal.exitCode).to.equal(0);
  });

  it("stops with BYE when told to, also with the input open", async () => {
    const reasons: string[] = [];
    const { port, server } = await gateway((session) => session.on("close", ({ code }) => reasons.push(code)));
    const terminal = device(port);
    await terminal.err.match(/connected/);
    expect(await terminal.stop()).to.equal(0);
    await until(() => server.sessions().length === 0);
    expect(reasons).to.deep.equal(["BYE"]);
  });

  it("stops when told to while the gateway does not read", async () => {
    const { port } = await gateway((session) => session.pause(), { maxUnreadMessages: 1 });
    const terminal = device(port);
    await terminal.err.match(/connected/);
    const block = Buffer.alloc(1_000_000, `${"x".repeat(999)}\n`);
    await until(() => !terminal.stdin.write(block));
    expect(await terminal.stop()).to.equal(0);
  });

  it("says that there was no session where it is stopped before", async () => {
    const port = await stranger(() => {});
    const terminal = device(port);
    await until(() => sockets.length > 0);
    expect(await terminal.stop()).to.equal(1);
    expect(terminal.err.text).to.match(/^usmp: stopped before a session with 127\.0\.0\.1:\d+ was established\n$/);
  });

  it("fails where its input cannot be read", async () => {
    const { port } = await gateway(silent);
    const terminal = device(port);
    await terminal.err.match(/connected/);
    terminal.stdin.destroy(new Error("gone"));
    expect(await terminal.exitCode).to.equal(1);
    expect(terminal.err.text).to.match(/^usmp: cannot read the input: .*gone$/m);
  });

  it("stops when nobody reads its output any more", async () => {
    const { port } = await gateway(silent);
    const terminal = device(port);
    await terminal.err.match(/connected/);
    terminal.stdout.destroy(Object.assign(new Error("broken pipe"), { code: "EPIPE" }));
    expect(await terminal.exitCode).to.equal(0);
  });

  it("lets the gateway wait while its output is not read, and loses nothing", async () => {
    const messages = Array.from({ length: 1_000 }, (_, index) => `message ${index} ${"x".repeat(1_000)}`);
    const { port } = await gateway(async (session) => {
      for (const message of messages) await session.sendAsync(message);
      await session.close();
    });
    const terminal = device(port, LONG_WAIT, { input: "go\n", slowReader: true });
    await terminal.err.match(/connected/);
    terminal.stdout.resume();
    expect(await terminal.exitCode).to.equal(0);
    expect(terminal.out.lines).to.deep.equal(messages);
  });

  it("comes back with --reconnect, also where no gateway is there at first, and sends what waited", async () => {
    sinon.stub(Math, "random").returns(0.01); // no jitter: the first delays are 20 and 40 ms
    const first = await gateway(silent);
    await first.server.stop();
    const terminal = device(first.port, [...LONG_WAIT, "--reconnect"]);
    terminal.stdin.write("one\n");
    await terminal.err.match(/nothing listens.*; trying again\n/);
    const second = await gateway(silent, { port: first.port });
    await terminal.err.match(/connected/);
    await until(() => second.received.length > 0);
    await second.server.stop();
    await terminal.err.match(/the session ended: .*\(BYE\); reconnecting\n/);
    terminal.stdin.end("two\n");
    const third = await gateway(echoOnly(1), { port: first.port });
    expect(await terminal.exitCode).to.equal(0);
    expect([...second.received, ...third.received]).to.deep.equal(["one", "two"]);
    expect(terminal.out.text).to.equal("two\n");
  });
});
