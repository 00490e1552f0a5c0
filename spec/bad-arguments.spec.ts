/** Callers in JavaScript have no types: what they give in error is named, and nothing is half done. */
import { expect } from "chai";

import {
  KeyFile,
  TcpTransport,
  UdpTransport,
  Usmp,
  UsmpClient,
  UsmpError,
  UsmpServer,
  UsmpSession,
} from "../lib/index.js";
import { PSK } from "./support/facade-rig.js";
import {
  ANYTHING,
  GIVEN,
  NO_OPTIONS,
  NULL,
  NUMBER,
  OBJECT,
  refuses,
  TEXT,
  UNDEFINED,
} from "./support/wrong-arguments.js";

const HOST = "127.0.0.1";
const CALLBACK = [UNDEFINED, NUMBER, TEXT, OBJECT];
const BYTES_OR_TEXT = [UNDEFINED, NULL, NUMBER, OBJECT];

describe("What JavaScript gives in error", () => {
  describe("to a constructor or a static function", () => {
    const tcp = (options: never): unknown => new TcpTransport(HOST, 1, options);
    const udp = (options: never): unknown => new UdpTransport(HOST, 1, options);
    refuses([
      { call: "new Usmp(_)", names: "PSK", wrong: ANYTHING, run: (psk) => new Usmp(psk) },
      { call: "new Usmp(psk, _)", names: "options", wrong: NO_OPTIONS, run: (options) => new Usmp(PSK, options) },
      { call: "Usmp.hex(_)", names: "hex", wrong: ANYTHING, run: (digits) => Usmp.hex(digits) },
      { call: "Usmp.TCP(_)", names: "host", wrong: [UNDEFINED, NULL, NUMBER, OBJECT], run: (host) => Usmp.TCP(host) },
      { call: "Usmp.UDP(_)", names: "host", wrong: [UNDEFINED, NULL, NUMBER, OBJECT], run: (host) => Usmp.UDP(host) },
      { call: "Usmp.TCP(host, _)", names: "port", wrong: [NULL, TEXT, OBJECT], run: (port) => Usmp.TCP(HOST, port) },
      { call: "Usmp.UDP(host, _)", names: "port", wrong: [NULL, TEXT, OBJECT], run: (port) => Usmp.UDP(HOST, port) },
      { call: "Usmp.UDP(host, 1, _)", names: "options", wrong: NO_OPTIONS, run: (given) => Usmp.UDP(HOST, 1, given) },
      { call: "new TcpTransport(host, 1, _)", names: "options", wrong: NO_OPTIONS, run: tcp },
      ...[tcp, udp].flatMap((make) =>
        (["connectTimeoutMs", "lookup", "clock"] as const).map((name) => ({
          call: `new ${make === tcp ? "Tcp" : "Udp"}Transport(host, 1, { ${name}: _ })`,
          names: name,
          wrong: name === "connectTimeoutMs" ? [NULL, TEXT, OBJECT] : GIVEN,
          run: (value: never) => make({ [name]: value } as never),
        })),
      ),
      {
        call: "new UsmpClient(_)",
        names: "options",
        wrong: [UNDEFINED, ...NO_OPTIONS],
        run: (given) => new UsmpClient(given),
      },
      {
        call: "new UsmpClient({ psk: _ })",
        names: "PSK",
        wrong: ANYTHING,
        run: (psk) => new UsmpClient({ host: HOST, psk }),
      },
      {
        call: "new UsmpClient({ host: _ })",
        names: "host",
        wrong: ANYTHING.filter((each) => each !== TEXT),
        run: (host) => new UsmpClient({ host, psk: PSK }),
      },
      {
        call: "new UsmpClient({ transport: _ })",
        names: "transport",
        wrong: GIVEN,
        run: (transport) => new UsmpClient({ transport, psk: PSK }),
      },
      {
        call: "new UsmpClient({ clock: _ })",
        names: "clock",
        wrong: GIVEN,
        run: (clock) => new UsmpClient({ clock, host: HOST, psk: PSK }),
      },
      {
        call: "new UsmpClient({ crypto: _ })",
        names: "crypto",
        wrong: GIVEN,
        run: (crypto) => new UsmpClient({ crypto, host: HOST, psk: PSK }),
      },
      {
        call: "new UsmpServer(_)",
        names: "options",
        wrong: [UNDEFINED, ...NO_OPTIONS],
        run: (given) => new UsmpServer(given),
      },
      { call: "new UsmpServer({ psk: _ })", names: "PSK", wrong: ANYTHING, run: (psk) => new UsmpServer({ psk }) },
      {
        call: "new UsmpSession(_)",
        names: "listen",
        wrong: ANYTHING,
        run: (driver) => Reflect.construct(UsmpSession, [driver]) as unknown,
      },
      {
        call: "new KeyFile(_)",
        names: "path",
        wrong: [UNDEFINED, NULL, NUMBER, OBJECT],
        run: (path) => Reflect.construct(KeyFile, [path]) as unknown,
      },
      {
        call: "KeyFile.open(_)",
        names: "path",
        wrong: [UNDEFINED, NULL, NUMBER, OBJECT],
        run: (path) => KeyFile.open(path),
      },
      {
        call: "KeyFile.open(path, _)",
        names: "options",
        wrong: NO_OPTIONS,
        run: (options) => KeyFile.open("none.json", options),
      },
      {
        call: "KeyFile.open(path, { clock: _ })",
        names: "clock",
        wrong: GIVEN,
        run: (clock) => KeyFile.open("none.json", { clock }),
      },
      {
        call: "KeyFile.open(path, { onError: _ })",
        names: "error callback",
        wrong: [NUMBER, TEXT, OBJECT],
        run: (onError) => KeyFile.open("none.json", { onError }),
      },
      { call: "new UsmpError(_)", names: "code", wrong: ANYTHING, run: (code) => new UsmpError(code, "text") },
    ]);
  });

  describe("to a transport", () => {
    const transport = new TcpTransport(HOST, 0);
    const datagrams = new UdpTransport(HOST, 0);
    const dialer = new TcpTransport(HOST, 1);
    refuses([
      { call: "transport.dial(_)", names: "options", wrong: NO_OPTIONS, run: (options) => dialer.dial(options) },
      {
        call: "transport.dial({ signal: _ })",
        names: "signal",
        wrong: GIVEN,
        run: (signal) => dialer.dial({ signal }),
      },
      {
        call: "udp.dial({ signal: _ })",
        names: "signal",
        wrong: GIVEN,
        run: (signal) => new UdpTransport(HOST, 1).dial({ signal }),
      },
      { call: "tcp.listen(_)", names: "handlers", wrong: ANYTHING, run: (handlers) => transport.listen(handlers) },
      { call: "udp.listen(_)", names: "handlers", wrong: ANYTHING, run: (handlers) => datagrams.listen(handlers) },
    ]);
  });

  describe("to a facade or a client without a session", () => {
    const usmp = new Usmp(PSK);
    const client = new UsmpClient({ host: HOST, psk: PSK });
    const server = new UsmpServer({ psk: PSK, host: HOST, port: 0 });
    const refusal = (): string => usmp.lastErrorString();
    const target = Usmp.TCP(HOST, 1);
    refuses([
      { call: "begin(_)", names: "transport", wrong: ANYTHING, run: (to) => usmp.begin(to), refusal },
      {
        call: "begin(transport, _)",
        names: "options",
        wrong: NO_OPTIONS,
        run: (options) => usmp.begin(target, options),
        refusal,
      },
      {
        call: "begin(transport, { signal: _ })",
        names: "signal",
        wrong: GIVEN,
        run: (signal) => usmp.begin(target, { signal }),
        refusal,
      },
      { call: "listen(_)", names: "transport", wrong: ANYTHING, run: (on) => usmp.listen(on) },
      { call: "close(_)", names: "options", wrong: NO_OPTIONS, run: (options) => usmp.close(options) },
      {
        call: "close({ graceMs: _ })",
        names: "graceMs",
        wrong: [NULL, TEXT, OBJECT],
        run: (graceMs) => usmp.close({ graceMs }),
      },
      { call: "send(_)", names: "data", wrong: BYTES_OR_TEXT, run: (data) => usmp.send(data) },
      { call: "sendAsync(_)", names: "data", wrong: BYTES_OR_TEXT, run: (data) => usmp.sendAsync(data) },
      { call: "print(_)", names: "value", wrong: [UNDEFINED, NULL, OBJECT], run: (value) => usmp.print(value) },
      { call: "println(_)", names: "value", wrong: [NULL, OBJECT], run: (value) => usmp.println(value) },
      { call: "write(_)", names: "data", wrong: [UNDEFINED, NULL, OBJECT], run: (data) => usmp.write(data) },
      { call: "read(_)", names: "into", wrong: GIVEN, run: (into) => usmp.read(into) },
      { call: "ping(_)", names: "options", wrong: NO_OPTIONS, run: (options) => usmp.ping(options) },
      {
        call: "ping({ timeoutMs: _ })",
        names: "timeoutMs",
        wrong: [NULL, TEXT, OBJECT],
        run: (timeoutMs) => usmp.ping({ timeoutMs }),
      },
      { call: "session(_)", names: "deviceId", wrong: ANYTHING, run: (id) => usmp.session(id) },
      { call: "sendTo(_, data)", names: "deviceId", wrong: ANYTHING, run: (id) => usmp.sendTo(id, "x"), refusal },
      {
        call: "sendTo(id, _)",
        names: "data",
        wrong: BYTES_OR_TEXT,
        run: (data) => usmp.sendTo("24:0a:c4:01:02:03", data),
      },
      { call: "broadcast(_)", names: "data", wrong: BYTES_OR_TEXT, run: (data) => usmp.broadcast(data) },
      { call: "on(_, listener)", names: "event", wrong: ANYTHING, run: (event) => usmp.on(event, () => {}) },
      { call: 'on("message", _)', names: "listener", wrong: ANYTHING, run: (listener) => usmp.on("message", listener) },
      {
        call: 'once("message", _)',
        names: "listener",
        wrong: ANYTHING,
        run: (listener) => usmp.once("message", listener),
      },
      { call: "onConnect(_)", names: "connect callback", wrong: CALLBACK, run: (callback) => usmp.onConnect(callback) },
      { call: "onMessage(_)", names: "message callback", wrong: CALLBACK, run: (callback) => usmp.onMessage(callback) },
      { call: "client.connect(_)", names: "options", wrong: NO_OPTIONS, run: (options) => client.connect(options) },
      {
        call: "client.connect({ signal: _ })",
        names: "signal",
        wrong: GIVEN,
        run: (signal) => client.connect({ signal }),
      },
      { call: "client.send(_)", names: "data", wrong: BYTES_OR_TEXT, run: (data) => client.send(data) },
      { call: "client.sendAsync(_)", names: "data", wrong: BYTES_OR_TEXT, run: (data) => client.sendAsync(data) },
      { call: "client.recv(_)", names: "options", wrong: NO_OPTIONS, run: (options) => client.recv(options) },
      { call: "client.recv({ signal: _ })", names: "signal", wrong: GIVEN, run: (signal) => client.recv({ signal }) },
      { call: "client.ping(_)", names: "options", wrong: NO_OPTIONS, run: (options) => client.ping(options) },
      { call: "server.listen(_)", names: "transport", wrong: ANYTHING, run: (on) => server.listen(on) },
      { call: "server.serve(_)", names: "options", wrong: NO_OPTIONS, run: (options) => server.serve(options) },
      { call: "server.serve({ signal: _ })", names: "signal", wrong: GIVEN, run: (signal) => server.serve({ signal }) },
      {
        call: "server.serve({ graceMs: _ })",
        names: "graceMs",
        wrong: [NULL, TEXT, OBJECT],
        run: (graceMs) => server.serve({ graceMs }),
      },
      { call: "server.stop(_)", names: "options", wrong: NO_OPTIONS, run: (options) => server.stop(options) },
      { call: "server.session(_)", names: "deviceId", wrong: ANYTHING, run: (id) => server.session(id) },
      {
        call: "server.onSession(_)",
        names: "session callback",
        wrong: CALLBACK,
        run: (callback) => server.onSession(callback),
      },
    ]);

    it("leaves facade, client and gateway as they were", () => {
      expect([usmp.state(), client.isConnected, server.isListening]).to.deep.equal(["idle", false, false]);
    });
  });

  describe("to what has a session", () => {
    const gateway = new Usmp(PSK);
    const device = new Usmp(PSK);
    let session!: UsmpSession;

    before(async () => {
      const [at] = await gateway.listen(Usmp.TCP(HOST, 0));
      device.onConnect((connected) => (session = connected));
      expect(await device.begin(Usmp.TCP(HOST, at!.port)), device.lastErrorString()).to.equal(true);
    });

    after(() => Promise.all([device.close(), gateway.close()]));

    const refusal = (): string => device.lastErrorString();
    refuses([
      { call: "begin(_)", names: "transport", wrong: ANYTHING, run: (to) => device.begin(to), refusal },
      {
        call: "begin(transport, { signal: _ })",
        names: "signal",
        wrong: GIVEN,
        run: (signal) => device.begin(Usmp.TCP(HOST, 1), { signal }),
        refusal,
      },
      { call: "close(_)", names: "options", wrong: NO_OPTIONS, run: (options) => device.close(options) },
      {
        call: "close({ graceMs: _ })",
        names: "graceMs",
        wrong: [NULL, TEXT, OBJECT],
        run: (graceMs) => gateway.close({ graceMs }),
      },
      {
        call: "sendTo(_, data)",
        names: "deviceId",
        wrong: ANYTHING,
        run: (id) => gateway.sendTo(id, "x"),
        refusal: () => gateway.lastErrorString(),
      },
      { call: "session.send(_)", names: "data", wrong: BYTES_OR_TEXT, run: (data) => session.send(data) },
      { call: "session.sendAsync(_)", names: "data", wrong: BYTES_OR_TEXT, run: (data) => session.sendAsync(data) },
      { call: "session.recv(_)", names: "options", wrong: NO_OPTIONS, run: (options) => session.recv(options) },
      { call: "session.recv({ signal: _ })", names: "signal", wrong: GIVEN, run: (signal) => session.recv({ signal }) },
      {
        call: "session.recv({ timeoutMs: _ })",
        names: "timeoutMs",
        wrong: [NULL, TEXT, OBJECT],
        run: (timeoutMs) => session.recv({ timeoutMs }),
      },
      { call: "session.read(_)", names: "into", wrong: GIVEN, run: (into) => session.read(into) },
      { call: "session.ping(_)", names: "options", wrong: NO_OPTIONS, run: (options) => session.ping(options) },
      {
        call: "session.ping({ timeoutMs: _ })",
        names: "timeoutMs",
        wrong: [NULL, TEXT, OBJECT],
        run: (timeoutMs) => session.ping({ timeoutMs }),
      },
      {
        call: "session.keepalive(_)",
        names: "keepaliveMs",
        wrong: [UNDEFINED, NULL, TEXT, OBJECT],
        run: (ms) => session.keepalive(ms),
      },
      {
        call: "session.onMessage(_)",
        names: "message callback",
        wrong: CALLBACK,
        run: (callback) => session.onMessage(callback),
      },
    ]);

    it("leaves the session, which carries the next message", async () => {
      const received = new Promise<string>((resolve) => gateway.onMessage((data) => resolve(data.toString())));
      expect([device.state(), device.send("still here")]).to.deep.equal(["established", true]);
      expect(await received).to.equal("still here");
    });
  });
});
