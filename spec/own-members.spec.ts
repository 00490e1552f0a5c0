/** What somebody put on `Object.prototype` is no option and no key. */
import { expect } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { delay, runSketch, struct, USMP, USMPClient, USMPClientStatic } from "../lib/arduino/index.js";
import { DEFAULT_DEVICE_SETTINGS } from "../lib/device/dial.js";
import { DEFAULT_OFFLINE_QUEUE } from "../lib/device/offline-queue.js";
import { DEFAULT_BACKOFF } from "../lib/device/reconnect-machine.js";
import { DEFAULT_GATEWAY_SETTINGS } from "../lib/gateway/accept.js";
import { KeyFile, TcpTransport, UdpTransport, Usmp, UsmpClient, UsmpError, UsmpServer } from "../lib/index.js";
import { createKeyLookup } from "../lib/session/psk-source.js";
import { TestGateway, VirtualBoard, VirtualClock } from "../lib/testing/index.js";
import { rejectionOf } from "./support/session-waits.js";

const PSK = "usmp-dev-psk-change-me-before-prod";
const OTHER_PSK = "usmp-old-psk-change-me-before-prod";
const DEVICE_ID = "24:0a:c4:01:02:03";
const DEVICE = Uint8Array.of(0x24, 0x0a, 0xc4, 1, 2, 3);
const LIBRARY = join(process.cwd(), "lib");

const NAMES = [
  ...Object.keys(DEFAULT_DEVICE_SETTINGS),
  ...Object.keys(DEFAULT_GATEWAY_SETTINGS),
  ...Object.keys(DEFAULT_BACKOFF),
  ...Object.keys(DEFAULT_OFFLINE_QUEUE),
  ...[
    "key",
    "enabled",
    "previousKey",
    "previousKeyExpires",
    "lookup",
    "givesCopies",
    "onRevoked",
    "psk",
    "previousPsk",
  ],
  ...[
    "deviceId",
    "reconnect",
    "offlineQueue",
    "polled",
    "signal",
    "graceMs",
    "timeoutMs",
    "logger",
    "metrics",
    "crypto",
  ],
  ...["host", "port", "transport", "connectTimeoutMs", "keepAliveMs", "ipv6Only", "slowTimeoutMs"],
  ...["pollMs", "onError", "onReload", "onWarning", "cause"],
  ...["storageFolder", "serial", "serial1", "packed", "rxBufferSize"],
  ...["conditions", "seed", "withinMs", "downMs", "gateway", "startMillis", "pins", "holdMs", "bounceMs", "noise"],
  ...["latencyMs", "jitterMs", "toAcceptor", "toDialer", "loss", "lossRate", "duplicateRate", "live", "joining"],
];

/** Runs `step` while every object inherits these, and then takes them away again. */
async function polluted<T>(
  inherited: Readonly<Record<string, PropertyDescriptor>>,
  step: () => T,
): Promise<Awaited<T>> {
  for (const [name, descriptor] of Object.entries(inherited))
    Object.defineProperty(Object.prototype, name, { ...descriptor, configurable: true });
  try {
    return await step();
  } finally {
    for (const name of Object.keys(inherited)) Reflect.deleteProperty(Object.prototype, name);
  }
}

function values(inherited: Readonly<Record<string, unknown>>): Record<string, PropertyDescriptor> {
  return Object.fromEntries(
    Object.entries(inherited).map(([name, value]) => [name, { value, writable: true, enumerable: false }]),
  );
}

/** For each name a member of every object that is undefined, and notes each line of the library that reads it. */
function tripwires(names: readonly string[], readBy: Set<string>): Record<string, PropertyDescriptor> {
  const trip = (name: string): PropertyDescriptor => ({
    get() {
      const reader = new Error().stack?.split("\n")[2] ?? "";
      if (reader.includes(LIBRARY)) readBy.add(`${name}: ${reader.trim()}`);
      return undefined;
    },
    set(value: unknown) {
      Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
    },
  });
  return Object.fromEntries(names.map((name) => [name, trip(name)]));
}

/** Sessions through sockets, from each of the classes, with options that are empty. */
async function sessions(): Promise<void> {
  const gateway = new Usmp(PSK, {});
  const [tcp, udp] = await gateway.listen(new TcpTransport("127.0.0.1", 0, {}), new UdpTransport("127.0.0.1", 0, {}));
  gateway.onMessage((data, _length, session) => void session.send(data));
  const device = new Usmp(PSK, { reconnect: {}, offlineQueue: {} });
  for (const transport of [Usmp.TCP("127.0.0.1", tcp!.port), Usmp.UDP("127.0.0.1", udp!.port, {})]) {
    const echo = new Promise<string>((resolve) => device.onMessage((data) => resolve(data.toString())));
    expect(await device.begin(transport, {}), device.lastErrorString()).to.equal(true);
    device.send("echo");
    expect(await echo).to.equal("echo");
    await device.ping({});
    await device.rekey();
  }
  const client = new UsmpClient({ psk: PSK, transport: new TcpTransport("127.0.0.1", tcp!.port) });
  await client.connect({});
  client.send("to a client");
  expect((await client.recv({})).toString()).to.equal("to a client");
  await client.ping({});
  await client.disconnect();
  await device.close({});
  await gateway.close({});

  const server = new UsmpServer({ psk: { "*": { key: PSK } }, host: "127.0.0.1", port: 0 });
  await server.listen();
  await server.stop({});
  const refused = new UsmpClient({ psk: PSK, host: "127.0.0.1", port: 1 });
  expect((await rejectionOf(refused.connect(), "TRANSPORT")).message).to.include("127.0.0.1:1");
}

/** Every form of keys. */
async function keys(): Promise<void> {
  const entries = [{ [DEVICE_ID]: { key: PSK } }, new Map([[DEVICE_ID, { key: PSK }]]), () => ({ key: PSK })];
  for (const source of entries) await createKeyLookup(source)(DEVICE);
  await createKeyLookup({ lookup: () => ({ key: PSK }) })(DEVICE);
  const folder = mkdtempSync(join(tmpdir(), "usmp-own-members-"));
  const path = join(folder, "devices.json");
  writeFileSync(path, JSON.stringify({ devices: [{ id: DEVICE_ID, key: PSK }] }), { mode: 0o600 });
  try {
    const file = await KeyFile.open(path, {});
    file.lookup(DEVICE_ID);
    await createKeyLookup(file)(DEVICE);
    await file.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A sketch on a board of a test, and one on this computer. */
async function sketches(): Promise<void> {
  const clock = new VirtualClock();
  const gateway = new TestGateway({ psk: PSK, clock, conditions: {} });
  const board = new VirtualBoard({ gateway });
  const usmp = new USMPClientStatic(PSK, {});
  await board.start({
    async setup() {
      await usmp.begin(USMP.TCP("gateway.local"));
      usmp.send("hello");
    },
    loop: () => usmp.maintain(),
  });
  expect(await gateway.next({})).to.equal("hello");
  await gateway.waitForSession({});
  await board.advanceUntil(() => true, {});
  await board.press(0, {});
  board.setAnalog(34, 5, {});
  await gateway.restart({});
  await board.stop();
  await gateway.close();
  new VirtualBoard({});
  new USMPClient(PSK);
  struct({ a: "uint8_t" }, {});
  const stop = new AbortController();
  await runSketch({ setup: () => delay(1), loop: () => stop.abort() }, { signal: stop.signal });
}

describe("What Object.prototype carries (case 77)", () => {
  for (const [what, use] of Object.entries({ sessions, keys, sketches })) {
    it(`is never read where ${what} have options of their own`, async () => {
      const readBy = new Set<string>();
      await polluted(tripwires(NAMES, readBy), use);
      expect([...readBy]).to.deep.equal([]);
    });
  }

  it("adds nothing to an entry of a key table", async () => {
    const inherited = values({ previousKey: OTHER_PSK, enabled: false, cipher: "chacha20-poly1305", name: "x" });
    await polluted(inherited, async () => {
      for (const source of [
        { [DEVICE_ID]: { key: PSK } },
        new Map([[DEVICE_ID, { key: PSK }]]),
        () => ({ key: PSK }),
      ]) {
        const found = await createKeyLookup(source)(DEVICE);
        expect(found).to.include({ previousPsk: null, cipher: null });
        expect(found?.psk).to.deep.equal(new TextEncoder().encode(PSK));
      }
    });
  });

  it("is no key for a device that has none", async () => {
    const inherited = values({ key: OTHER_PSK, psk: OTHER_PSK, lookup: () => OTHER_PSK, [DEVICE_ID]: OTHER_PSK });
    await polluted(inherited, async () => {
      expect(await createKeyLookup({ "00:00:00:00:00:01": PSK })(DEVICE)).to.equal(null);
      expect(() => createKeyLookup({ [DEVICE_ID]: {} as never })).to.throw("the PSK is of type undefined");
      expect(() => createKeyLookup({})).to.throw("the PSK table is empty");
    });
  });

  const WRONG: Readonly<Record<string, unknown>> = {
    cipher: "rot13", ciphers: [], handshakeTimeoutMs: -1, maxSessions: -1, maxUnsentBytes: 0, keepaliveMs: "soon", logger: 5,
    clock: null, crypto: null, deviceId: "nobody", reconnect: 5, offlineQueue: 5, minDelayMs: -1, maxAttempts: 0, overflow: "x",
    maxMessages: 0,  graceMs: 1e9, timeoutMs: 0, connectTimeoutMs: -1, keepAliveMs: -1, ipv6Only: "x", host: 5,
    port: -1, transport: 5, polled: true, rekeyAfterFrames: 1, lockoutAfterFailures: -1, key: "short", previousKey: "short",
    enabled: false, cause: "polluted",
  }; // prettier-ignore

  for (const [name, value] of Object.entries(WRONG)) {
    it(`leaves sessions and keys alone where that is a ${name}`, async () => {
      await polluted(values({ [name]: value }), async () => {
        await sessions();
        await keys();
        if (name === "cause") expect(Object.hasOwn(new UsmpError("CLOSED", "x", {}), "cause")).to.equal(false);
      });
    });
  }
});
