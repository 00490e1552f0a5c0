import { expect } from "chai";
import { connect, createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sinon from "sinon";
import { UsmpClient } from "../../lib/index.js";
import { soon, turn } from "../support/patience.js";
import { Terminal, type TerminalOptions } from "./terminal.js";

const PSK = "a key of enough text";
const HOST = "127.0.0.1";

describe("usmp serve", () => {
  const terminals: Terminal[] = [];
  const clients: UsmpClient[] = [];
  const sockets: Socket[] = [];
  let occupant: Server | null = null;

  afterEach(async () => {
    sinon.restore();
    await Promise.all(clients.splice(0).map((client) => client.disconnect()));
    for (const socket of sockets.splice(0)) socket.destroy();
    await Promise.all(terminals.splice(0).map((terminal) => terminal.stop()));
    occupant?.close();
    occupant = null;
  });

  function serve(args: readonly string[] = [], options: TerminalOptions = { env: { USMP_PSK: PSK } }): Terminal {
    const terminal = new Terminal(["serve", "--host", HOST, "--port", "0", ...args], options);
    terminals.push(terminal);
    return terminal;
  }

  async function portOf(terminal: Terminal): Promise<number> {
    return Number((await terminal.out.match(/^listening on .*:(\d+) \(tcp\)/))[1]);
  }

  async function device(
    port: number,
    options: Partial<ConstructorParameters<typeof UsmpClient>[0]> = {},
  ): Promise<UsmpClient> {
    const client = new UsmpClient({ host: HOST, port, psk: PSK, ...options });
    clients.push(client);
    await client.connect();
    return client;
  }

  it("prints the real port, each device, and each message, and sends nothing back", async () => {
    const terminal = serve();
    const client = await device(await portOf(terminal), { deviceId: "24:0a:c4:01:02:03" });
    await client.sendAsync("21.5 °C");
    await terminal.out.match(
      /^24:0a:c4:01:02:03 connected from 127\.0\.0\.1 port \d+\n24:0a:c4:01:02:03 > 21\.5 °C\n/m,
    );
    await client.ping();
    expect(client.session?.available()).to.equal(false);
    await client.disconnect();
    await terminal.out.match(/^24:0a:c4:01:02:03 left: .*\(BYE\)\n/m);
    expect(terminal.err.text).to.equal("");
  });

  it("sends every message back with --echo, of 0 to 1808 bytes", async () => {
    const terminal = serve(["--echo"]);
    const client = await device(await portOf(terminal));
    for (const length of [0, 1, 452, 453, 1808]) {
      const message = new Uint8Array(length).fill(7);
      await client.sendAsync(message);
      expect(Uint8Array.from(await client.recv())).to.deep.equal(message);
    }
    expect(terminal.out.lines[0]).to.match(/, echoing$/);
  });

  it("listens on UDP as well with --udp, and a device reaches it with --udp", async () => {
    const terminal = serve(["--udp", "--echo"]);
    const [, port] = await terminal.out.match(/^listening on .*:(\d+) \(udp\), echoing$/m);
    expect(terminal.out.lines[0]).to.match(/\(tcp\), echoing$/);
    const device = new Terminal(["connect", `${HOST}:${port}`, "--udp"], { env: { USMP_PSK: PSK }, input: "hello\n" });
    terminals.push(device);
    expect(await device.exitCode).to.equal(0);
    expect(device.out.text).to.equal("hello\n");
  });

  it("does not print a key that it was given", async () => {
    const terminal = serve();
    await portOf(terminal);
    expect(terminal.out.text + terminal.err.text).not.to.contain(PSK);
    expect(terminal.out.lines).to.have.length(1);
  });

  it("makes a key where none is given, as text, and prints what to paste", async () => {
    const terminal = serve([], {});
    const port = await portOf(terminal);
    const [, key] = await terminal.out.match(/USMPClient usmp\("([0-9a-f]{64})"\);/);
    const [, command] = await terminal.out.match(/USMP_PSK=(?:[0-9a-f]{64}) (usmp connect .*)\n/);
    expect(command).to.equal(`usmp connect ${HOST}:${port}`);
    await device(port, { psk: key as string });
    await terminal.out.match(/ connected from /);
  });

  it("serves the other cipher when told to", async () => {
    const terminal = serve(["--cipher", "chacha20-poly1305", "--echo"]);
    const client = await device(await portOf(terminal), { cipher: "chacha20-poly1305" });
    await client.sendAsync("hello");
    expect(Buffer.from(await client.recv()).toString()).to.equal("hello");
  });

  it("serves either cipher when told both, and says the first to paste", async () => {
    const terminal = serve(["--cipher", "chacha20-poly1305", "--cipher", "aes-256-gcm", "--echo"], {});
    const port = await portOf(terminal);
    const [, psk] = await terminal.out.match(/USMP_PSK=([0-9a-f]{64}) usmp connect .* --cipher chacha20-poly1305\n/);
    for (const cipher of ["aes-256-gcm", "chacha20-poly1305"] as const) {
      const client = await device(port, { cipher, psk: psk as string });
      await client.sendAsync(cipher);
      expect(Buffer.from(await client.recv()).toString()).to.equal(cipher);
    }
  });

  it("keeps a hostile message from the terminal (case 57)", async () => {
    const terminal = serve();
    const client = await device(await portOf(terminal), {
      deviceId: Uint8Array.of(0x0a, 0x1b, 0x5b, 0x32, 0x4a, 0x0d),
    });
    await client.sendAsync("\u001b]0;owned\u0007\nff:ff:ff:ff:ff:ff left: forged");
    await client.sendAsync(Uint8Array.of(0xff, 0x1b));
    await terminal.out.match(/> hex:ff1b\n/);
    expect(terminal.out.text).to.contain("0a:1b:5b:32:4a:0d > \\x1b]0;owned\\x07\\nff:ff:ff:ff:ff:ff left: forged\n");
    // eslint-disable-next-line no-control-regex -- that is what is looked for
    expect(terminal.out.text).not.to.match(/[\x00-\x09\x0b-\x1f\x7f]/);
  });

  it("says on stderr whom it refused, and serves the next", async () => {
    const terminal = serve();
    const port = await portOf(terminal);
    const wrong = await device(port, { psk: "another key, as long" }).catch(
      (error: unknown) => error as Error & { code: string },
    );
    expect(wrong).to.have.property("code", "AUTH");
    await terminal.err.match(/^usmp: refused [0-9a-f:]{17} from 127\.0\.0\.1: .*PSK.*\n/);
    const socket = connect(port, HOST);
    sockets.push(socket);
    socket.on("error", () => {});
    socket.write("GET / HTTP/1.1\r\n\r\n");
    await terminal.err.match(/^usmp: refused [^\n]*127\.0\.0\.1: .*\nusmp: refused [^\n]*127\.0\.0\.1: .*\n/);
    await device(port);
    expect(terminal.err.text).not.to.contain(PSK);
  });

  it("says that the port is taken, and fails", async () => {
    occupant = createServer().listen(0, HOST);
    await once(occupant, "listening");
    const { port } = occupant.address() as { port: number };
    const terminal = new Terminal(["serve", "--host", HOST, "--port", String(port)], { env: { USMP_PSK: PSK } });
    expect(await terminal.exitCode).to.equal(1);
    expect(terminal.err.text).to.match(/^usmp: .*in use.*EADDRINUSE\)\n$/);
  });

  it("says BYE to its devices when it is stopped, and succeeds", async () => {
    const terminal = serve();
    const client = await device(await portOf(terminal));
    expect(await terminal.stop()).to.equal(0);
    expect((await client.session?.closed)?.code).to.equal("BYE");
    expect(terminal.out.lines.at(-1)).to.match(/ left: .*\(CLOSED\)$/);
  });

  it("with --grace gives what is under way its time, once, and then ends", async () => {
    // Nobody reads: the line that says who left is under way for ever.
    const terminal = serve(["--grace", "1500"], { env: { USMP_PSK: PSK }, slowReader: true });
    terminal.stdout.resume();
    const port = await portOf(terminal);
    terminal.stdout.pause();
    const client = await device(port);
    for (let at = 0; at < 20; at++) client.send("x".repeat(400));
    await client.ping();
    const time = sinon.useFakeTimers({
      toFake: ["setTimeout", "clearTimeout", "performance"],
      shouldClearNativeTimers: true,
    });
    let stopped = false;
    const stopping = terminal.stop().finally(() => (stopped = true));
    await time.tickAsync(1_400);
    await turn();
    expect(stopped).to.equal(false);
    await time.tickAsync(1_500);
    expect(await soon(stopping, "the end")).to.equal(0);
  });

  it("with --grace 0 waits for nothing", async () => {
    const terminal = serve(["--grace", "0"], { env: { USMP_PSK: PSK }, slowReader: true });
    terminal.stdout.resume();
    const port = await portOf(terminal);
    terminal.stdout.pause();
    const client = await device(port);
    for (let at = 0; at < 20; at++) client.send("x".repeat(400));
    await client.ping();
    expect(await terminal.stop()).to.equal(0);
  });

  it("takes limits: one that is full refuses the next device, and goes on", async () => {
    const terminal = serve(["--limit", "maxSessions=1", "--limit", "maxSessionsPerAddress=1"]);
    const port = await portOf(terminal);
    const first = await device(port);
    const second = await device(port);
    expect((await second.session!.closed).code).to.equal("BYE");
    await terminal.err.match(/refused [0-9a-f:]{17} from 127\.0\.0\.1: too many sessions/);
    expect(first.isConnected).to.equal(true);
  });

  it("with --log tells each event on stderr, a line of JSON each, and no key", async () => {
    const terminal = serve(["--log"]);
    const client = await device(await portOf(terminal), { deviceId: "24:0a:c4:00:00:0a" });
    await client.disconnect();
    await terminal.err.match(/session\.close/);
    expect(await terminal.stop()).to.equal(0);
    const events = terminal.err.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events.map(({ level, event }) => `${String(level)} ${String(event)}`)).to.deep.equal([
      "info gateway.listening",
      "info session.open",
      "info session.close",
      "info gateway.stopping",
    ]);
    expect(events[1]).to.deep.include({ deviceId: "24:0a:c4:00:00:0a", remoteAddress: HOST, carries: "stream" });
    for (const { time } of events) expect(String(time)).to.match(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(terminal.err.text).to.not.include(PSK);
  });

  it("with --log says what it refuses in the log alone, and goes on", async () => {
    const terminal = serve(["--log"]);
    const port = await portOf(terminal);
    const stranger = new UsmpClient({
      host: HOST,
      port,
      psk: "another key of enough text",
      deviceId: "24:0a:c4:00:00:0b",
    });
    await stranger.connect().catch(() => {});
    await terminal.err.match(/handshake\.refused/);
    const [, refused] = terminal.err.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(refused).to.include({ level: "warn", code: "AUTH", deviceId: "24:0a:c4:00:00:0b", remoteAddress: HOST });
  });

  for (const port of ["0", "1024", "8999", "9001", "65535"]) {
    it(`takes --port ${port}: its default is no least port`, async () => {
      // The system may not give it to us now; what matters is that it is asked.
      const terminal = new Terminal(["serve", "--host", "192.0.2.1", "--port", port], { env: { USMP_PSK: PSK } });
      expect([await terminal.exitCode, terminal.err.text.includes("is not a port")]).to.deep.equal([1, false]);
    });
  }

  it("stops at once where it was stopped before it began", async () => {
    const terminal = serve();
    expect(await terminal.stop()).to.equal(0);
  });

  it("stops when nobody reads its output any more", async () => {
    const terminal = serve();
    await portOf(terminal);
    terminal.stdout.destroy(Object.assign(new Error("broken pipe"), { code: "EPIPE" }));
    expect(await terminal.exitCode).to.equal(0);
  });

  it("lets devices wait while its output is not read, and loses nothing", async () => {
    const terminal = serve(["--echo"], { env: { USMP_PSK: PSK }, slowReader: true });
    terminal.stdout.resume();
    const port = await portOf(terminal);
    terminal.stdout.pause();
    const client = await device(port);
    const messages = Array.from({ length: 300 }, (_, index) => `message ${index} ${"x".repeat(400)}`);
    const sent = Promise.all(messages.map((message) => client.sendAsync(message)));
    const first = client.recv();
    terminal.stdout.resume();
    await sent;
    const echoes = [await first];
    while (echoes.length < messages.length) echoes.push(await client.recv());
    expect(echoes.map((echo) => Buffer.from(echo).toString())).to.deep.equal(messages);
  });

  describe("with a key file", () => {
    const PUMP = { id: "24:0a:c4:01:02:03", name: "pump", key: "key-of-the-pump-1" };
    const LAMP = { id: "24:0a:c4:01:02:04", name: "la\u001bmp", key: "key-of-the-lamp-1" };
    let folder: string;
    let file: string;

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), "usmp-spec-"));
      file = join(folder, "devices.json");
    });

    afterEach(() => rmSync(folder, { recursive: true }));

    function write(...devices: readonly object[]): void {
      writeFileSync(file, JSON.stringify({ devices }), { mode: 0o600 });
    }

    function known(port: number, { id, key }: typeof PUMP): Promise<UsmpClient> {
      return device(port, { deviceId: id, psk: key });
    }

    async function refused(port: number, who: typeof PUMP): Promise<void> {
      const error = await known(port, who).catch((reason: unknown) => reason);
      expect(error).to.have.property("code", "AUTH");
    }

    it("knows each device by its own key, shows its name, and no key of any other kind counts", async () => {
      write(PUMP, LAMP);
      const terminal = serve(["--keys", file]);
      const port = await portOf(terminal);
      const client = await known(port, PUMP);
      await client.sendAsync("hello");
      await terminal.out.match(/^24:0a:c4:01:02:03 \(pump\) connected from .*\n24:0a:c4:01:02:03 > hello\n/m);
      await known(port, LAMP);
      await terminal.out.match(/^24:0a:c4:01:02:04 \(la\\x1bmp\) connected from /m);
      await refused(port, { ...PUMP, key: LAMP.key });
      await refused(port, { ...PUMP, id: "24:0a:c4:01:02:05", key: PSK });
      expect(terminal.out.text + terminal.err.text).not.to.match(/key-of|USMPClient/);
    });

    it("takes edits while a session lives on: a device added, disabled, removed, and a broken edit", async () => {
      write(PUMP);
      const terminal = serve(["--echo", "--keys", file]);
      const port = await portOf(terminal);
      const pump = await known(port, PUMP);
      const sessionId = pump.session?.sessionId;
      await refused(port, LAMP);

      write(PUMP, LAMP);
      await terminal.err.match(/^usmp: keys reloaded: 2 devices; added 24:0a:c4:01:02:04 \(la\\x1bmp\)\n/m);
      await known(port, LAMP);

      write(PUMP, { ...LAMP, enabled: false });
      await terminal.err.match(/^usmp: keys reloaded: 1 device; revoked 24:0a:c4:01:02:04 \(la\\x1bmp\)\n/m);
      await refused(port, LAMP);

      writeFileSync(file, `{"devices": [\n{"id": "${PUMP.id}", "key": "${PUMP.key}"`);
      await terminal.err.match(
        /^usmp: the key file .*: line 2, column \d+: expected .*; the last good keys stay in use\n/m,
      );

      write(
        { ...PUMP, key: "key-of-the-pump-2", previousKey: PUMP.key, previousKeyExpires: "2100-01-01T00:00:00Z" },
        LAMP,
      );
      await terminal.err.match(/: 2 devices; added 24:0a:c4:01:02:04 .*; changed 24:0a:c4:01:02:03 \(pump\)\n/);
      await pump.sendAsync("still here");
      expect(Buffer.from(await pump.recv()).toString()).to.equal("still here");
      expect(pump.session?.sessionId).to.equal(sessionId);
      expect(terminal.err.text).not.to.contain("key-of");

      // Both keys of a rotation, the older one first.
      await pump.disconnect();
      await known(port, PUMP);
      await known(port, { ...PUMP, key: "key-of-the-pump-2" });

      write(PUMP);
      await terminal.err.match(/: 1 device; changed 24:0a:c4:01:02:03 \(pump\); revoked 24:0a:c4:01:02:04 /);
      await refused(port, LAMP);
    });

    // Waits for a gateway that listens to its keys' revocations: `it.skip` becomes `it` then.
    it("ends the session of a device that was disabled or removed, and of no other", async () => {
      const DOOR = { id: "24:0a:c4:01:02:05", name: "door", key: "key-of-the-door-1" };
      write(PUMP, LAMP, DOOR);
      const terminal = serve(["--echo", "--keys", file]);
      const port = await portOf(terminal);
      const [pump, lamp, door] = [await known(port, PUMP), await known(port, LAMP), await known(port, DOOR)];
      const ends = [lamp.session!.closed, door.session!.closed];
      write(PUMP, { ...LAMP, enabled: false });
      await Promise.all(ends);
      await terminal.out.match(/^24:0a:c4:01:02:04 left: /m);
      await terminal.out.match(/^24:0a:c4:01:02:05 left: /m);
      await pump.sendAsync("still here");
      expect(Buffer.from(await pump.recv()).toString()).to.equal("still here");
    });

    it("warns where the file's group can read it", async function () {
      if (process.platform === "win32") this.skip();
      write(PUMP);
      chmodSync(file, 0o640);
      const terminal = serve(["--keys", file]);
      await terminal.err.match(/^usmp: warning: the group of .*devices\.json.* can read the keys in it: chmod 600/);
    });

    for (const [what, args, says] of [
      ["a key beside it", ["--keys", "FILE", "--psk", PSK], /^usmp: give either --keys or one key for all devices/],
      [
        "a key's file beside it",
        ["--keys", "FILE", "--psk-file", "x"],
        /^usmp: give either --keys or one key for all devices/,
      ],
      [
        "a broken one",
        ["--keys", "FILE"],
        /^usmp: the key file .*: line 1, column 13: devices\[0\]: "id" is missing\n$/,
      ],
      [
        "a missing one",
        ["--keys", "FILE.none"],
        /^usmp: cannot read the key file .*: no such file or directory \(ENOENT\)\n$/,
      ],
    ] as const) {
      it(`refuses ${what} as wrong usage, and listens on nothing`, async () => {
        write({});
        const terminal = serve(args.map((arg) => arg.replace("FILE", file)));
        expect(await terminal.exitCode).to.equal(2);
        expect(terminal.err.text).to.match(says);
        expect(terminal.out.text).to.equal("");
      });
    }
  });
});
