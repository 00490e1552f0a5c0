/** What programs do with the library first, each with values that another realm made. */
import { expect } from "chai";

import type { Sketch } from "../../lib/arduino/index.js";
import type { PskSource } from "../../lib/session/psk-source.js";
import type { Dialer, Link } from "../../lib/transport/transport.js";
import type { Usmp, UsmpOptions } from "../../lib/usmp.js";
import type * as library from "./whole-library.js";

export type Library = typeof library;

/** What a realm makes its values of. */
export interface Realm {
  readonly ArrayBuffer: ArrayBufferConstructor;
  readonly DataView: DataViewConstructor;
  readonly Date: DateConstructor;
  readonly Error: ErrorConstructor;
  readonly Map: MapConstructor;
  readonly Promise: PromiseConstructor;
  readonly Uint16Array: Uint16ArrayConstructor;
  readonly Uint8Array: Uint8ArrayConstructor;
  /** An async function of that realm, which waits for what `step` gives. */
  readonly asyncFunction: <Value>(step: () => Value | PromiseLike<Value>) => () => Promise<Value>;
}

const PSK = "usmp-dev-psk-change-me-before-prod";
const OLD_PSK = "usmp-old-psk-change-me-before-prod";
const DEVICE = [0x24, 0x0a, 0xc4, 1, 2, 3];
const DEVICE_ID = "24:0a:c4:01:02:03";

/** A gateway and a device of `library`, connected in memory; both are closed in the end. */
async function connected(
  { Usmp, MemoryNetwork, systemClock }: Library,
  keys: { readonly device: PskSource; readonly gateway: PskSource },
  run: (device: Usmp, gateway: Usmp) => Promise<void>,
  options: UsmpOptions = {},
): Promise<void> {
  const network = new MemoryNetwork({ clock: systemClock, seed: 1 });
  const gateway = new Usmp(keys.gateway);
  const device = new Usmp(keys.device, { deviceId: DEVICE_ID, reconnect: false, ...options });
  try {
    await gateway.listen(network.acceptor());
    expect(await device.begin(network.dialer()), device.lastErrorString()).to.equal(true);
    await run(device, gateway);
  } finally {
    await device.close();
    await gateway.close();
  }
}

function bytesOf(realm: Realm, text: string): Uint8Array {
  return new realm.Uint8Array(Buffer.from(text));
}

function nextMessage(facade: Usmp): Promise<string> {
  return new Promise((resolve) => facade.onMessage((data) => resolve(Buffer.from(data).toString())));
}

/** A promise of that realm that rejects, and whether anybody asked what became of it. */
function watchedRejection(realm: Realm, message: string): { promise: Promise<never>; wasHeard: () => boolean } {
  const promise = realm.Promise.reject(new realm.Error(message));
  promise.catch(() => {});
  const then = promise.then.bind(promise);
  let heard = false;
  promise.then = (...handlers: Parameters<typeof then>) => {
    heard = true;
    return then(...handlers) as never;
  };
  return { promise, wasHeard: () => heard };
}

export const MAIN_PATHS: Readonly<Record<string, (library: Library, realm: Realm) => Promise<void>>> = {
  "take a key as bytes": (library, realm) => {
    const psk = bytesOf(realm, PSK);
    return connected(
      library,
      { device: psk, gateway: PSK },
      async (device) => void expect(device.alive()).to.equal(true),
    );
  },

  "take a device id as bytes": (library, realm) =>
    connected(
      library,
      { device: PSK, gateway: PSK },
      async (device) => void expect(device.deviceId()).to.equal(DEVICE_ID),
      { deviceId: new realm.Uint8Array(DEVICE) },
    ),

  "take a Map of entries whose previous key expires at a Date": (library, realm) => {
    const entry = { key: PSK, previousKey: bytesOf(realm, OLD_PSK), previousKeyExpires: new realm.Date("2999-12-31") };
    const gateway = new realm.Map([[DEVICE_ID, entry]]);
    return connected(library, { device: OLD_PSK, gateway }, async () => {});
  },

  "take a previous key no longer after its Date": async (library, realm) => {
    const entry = { key: PSK, previousKey: OLD_PSK, previousKeyExpires: new realm.Date("1999-12-31") };
    const gateway = new realm.Map([[DEVICE_ID, entry]]);
    const connecting = connected(library, { device: OLD_PSK, gateway }, async () => {});
    await connecting.then(
      () => expect.fail("connected"),
      (error: unknown) => expect((error as Error).message).to.include("AUTH"),
    );
  },

  "take async functions that find the key": (library, realm) => {
    const find = realm.asyncFunction(() => bytesOf(realm, PSK));
    return connected(library, { device: find, gateway: find }, async () => {});
  },

  "take functions that give a promise of the key": (library, realm) => {
    const find = () => realm.Promise.resolve(PSK);
    return connected(library, { device: find, gateway: find }, async () => {});
  },

  "ask a function again that found no key the first time": async ({ Usmp, MemoryNetwork, systemClock }, realm) => {
    const network = new MemoryNetwork({ clock: systemClock, seed: 1 });
    const gateway = new Usmp(PSK);
    let asked = 0;
    const find = realm.asyncFunction(() => {
      if (asked++ === 0) throw new realm.Error("the database is down");
      return PSK;
    });
    const device = new Usmp(find, { reconnect: () => 1 });
    try {
      await gateway.listen(network.acceptor());
      const connected = new Promise<void>((resolve) => device.onConnect(() => resolve()));
      expect(await device.begin(network.dialer())).to.equal(false);
      expect(device.lastErrorString()).to.equal("AUTH: the PSK function failed");
      await connected;
      expect(asked).to.equal(2);
    } finally {
      await device.close();
      await gateway.close();
    }
  },

  "say that a promise is no key": async ({ Usmp }, realm) => {
    const psk = realm.Promise.resolve(PSK) as never;
    expect(() => new Usmp(psk)).to.throw("await it first");
  },

  "send bytes and an ArrayBuffer, and nothing else that is a view": (library, realm) =>
    connected(library, { device: PSK, gateway: PSK }, async (device, gateway) => {
      const first = nextMessage(gateway);
      expect(device.send(bytesOf(realm, "as bytes"))).to.equal(true);
      expect(await first).to.equal("as bytes");
      const second = nextMessage(gateway);
      const buffer = new realm.ArrayBuffer(4);
      new realm.Uint8Array(buffer).set(Buffer.from("raw."));
      await device.sendAsync(buffer);
      expect(await second).to.equal("raw.");
      for (const other of [new realm.DataView(buffer), new realm.Uint16Array(buffer)])
        expect(() => device.send(other as never)).to.throw("give a string, a Uint8Array or an ArrayBuffer");
    }),

  "send and receive with ChaCha20-Poly1305": async ({ Usmp, MemoryNetwork, systemClock }, realm) => {
    const network = new MemoryNetwork({ clock: systemClock, seed: 1 });
    const options = { cipher: "chacha20-poly1305", reconnect: false } as const;
    const gateway = new Usmp(bytesOf(realm, PSK), options);
    const device = new Usmp(bytesOf(realm, PSK), options);
    try {
      await gateway.listen(network.acceptor());
      expect(await device.begin(network.dialer()), device.lastErrorString()).to.equal(true);
      const received = nextMessage(gateway);
      device.send(bytesOf(realm, "sealed"));
      expect(await received).to.equal("sealed");
    } finally {
      await device.close();
      await gateway.close();
    }
  },

  "connect through sockets": async ({ Usmp }, realm) => {
    const gateway = new Usmp(bytesOf(realm, PSK));
    const [tcp, udp] = await gateway.listen(Usmp.TCP("127.0.0.1", 0), Usmp.UDP("127.0.0.1", 0));
    gateway.onMessage((data, _length, session) => void session.send(data));
    for (const transport of [Usmp.TCP("127.0.0.1", tcp!.port), Usmp.UDP("127.0.0.1", udp!.port)]) {
      const device = new Usmp(bytesOf(realm, PSK), { reconnect: false });
      const echo = nextMessage(device);
      expect(await device.begin(transport), device.lastErrorString()).to.equal(true);
      device.send(bytesOf(realm, "there and back"));
      expect(await echo).to.equal("there and back");
      await device.close();
    }
    await gateway.close();
  },

  "report what an async handler rejects with": (library, realm) =>
    connected(library, { device: PSK, gateway: PSK }, async (device, gateway) => {
      const failure = new Promise<unknown>((resolve) => gateway.onError(resolve));
      gateway.onMessage(() => realm.Promise.reject(new realm.Error("no disk")));
      device.send("x");
      const error = await failure;
      expect(library.isUsmpError(error) && error.code).to.equal("HANDLER");
      expect((error as Error).message).to.equal("a callback failed: no disk");
    }),

  "listen to what an async logger rejects with": async (library, realm) => {
    const { promise, wasHeard } = watchedRejection(realm, "no disk");
    const fail = () => promise;
    const logger = { debug: fail, info: fail, warn: fail, error: fail };
    const { Usmp, MemoryNetwork, systemClock } = library;
    const gateway = new Usmp(PSK, { logger });
    await gateway.listen(new MemoryNetwork({ clock: systemClock, seed: 1 }).acceptor());
    await gateway.close();
    expect(wasHeard()).to.equal(true);
  },

  "say what a transport rejects with": async ({ Usmp }, realm) => {
    const device = new Usmp(PSK, { reconnect: false });
    const dialer: Dialer = {
      describe: () => "broken",
      dial: () => realm.Promise.reject<Link>(new realm.Error("no radio")),
    };
    expect(await device.begin(dialer)).to.equal(false);
    expect(device.lastErrorString()).to.equal("TRANSPORT: the transport failed: no radio");
    await device.close();
  },

  "run a sketch whose functions are async": async (
    { delay, Serial, TestGateway, USMP, USMPClient, VirtualBoard },
    realm,
  ) => {
    const gateway = new TestGateway({ psk: bytesOf(realm, PSK) });
    const board = new VirtualBoard({ gateway });
    const usmp = new USMPClient(bytesOf(realm, PSK), PSK.length);
    const sketch: Sketch = {
      setup: realm.asyncFunction(async () => {
        Serial.begin(115_200);
        await delay(5);
        await usmp.begin(USMP.TCP("gateway.local"));
        usmp.send(bytesOf(realm, "from setup"));
      }),
      loop: realm.asyncFunction(async () => {
        usmp.maintain();
        Serial.println(bytesOf(realm, "turn"));
        await delay(100);
      }),
    };
    await board.start(sketch);
    expect(await gateway.next()).to.equal("from setup");
    await board.advance(1_000);
    expect(board.serial.lines().slice(0, 2)).to.deep.equal(["turn", "turn"]);
    await board.stop();
    await gateway.close();
  },

  "end a sketch whose async loop fails": async ({ VirtualBoard }, realm) => {
    const board = new VirtualBoard();
    const loop = () => realm.Promise.reject(new realm.Error("no sensor"));
    const failing = board.start({ loop }).then(() => board.advance(1_000));
    await failing.then(
      () => expect.fail("went on"),
      (error: unknown) => expect((error as Error).message).to.include("no sensor"),
    );
  },
};
