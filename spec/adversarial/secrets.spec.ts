/** adversarial-cases.md, case 57: what can be printed holds no key, and nothing that a peer chose as it stands. */
import { inspect } from "node:util";
import { expect } from "chai";
import type { CryptoProvider } from "../../lib/core/crypto-provider.js";
import { UsmpClient } from "../../lib/device/client.js";
import { isUsmpError, UsmpError } from "../../lib/errors.js";
import { UsmpServer } from "../../lib/gateway/server.js";
import type { Logger } from "../../lib/session/event-log.js";
import type { PskEntry, PskStore } from "../../lib/session/psk-source.js";
import { Usmp } from "../../lib/usmp.js";
import { concat } from "../../lib/core/wire/bytes.js";
import { filled, utf8 } from "../support/core-bytes.js";
import { crypto } from "../support/core-crypto.js";
import { DatagramRig } from "../support/datagram-rig.js";
import { PSK } from "../support/facade-rig.js";
import { HostileDevice } from "../support/session-hostile.js";
import { EchoGateway } from "../support/session-echo.js";
import { DEVICE_A, DEVICE_B, NetworkRig } from "../support/session-network.js";
import { eventually, rejectionOf } from "../support/session-waits.js";

const SECRET_PSK = "Z9-this-is-the-secret-PSK-Z9";
const SHORT_PSK = "Z9-short-PSK-9Z";
const OLD_PSK = "Y8-that-was-the-secret-PSK-Y8";
const UNKNOWN = "24:0a:c4:00:00:0d";
const BROKEN = "24:0a:c4:00:00:0e";

/** Every key that was derived or used while it watches. */
function watchingKeys(): { readonly crypto: CryptoProvider; readonly keys: Uint8Array[] } {
  const keys: Uint8Array[] = [];
  const keep = (key: Uint8Array): void => void keys.push(Uint8Array.from(key));
  return {
    keys,
    crypto: {
      ...crypto,
      aead: (cipher, key) => (keep(key), crypto.aead(cipher, key)),
      hkdfSha256: (ikm, salt, info, length) => {
        const okm = crypto.hkdfSha256(ikm, salt, info, length);
        for (const key of [ikm, okm.slice(0, 32), okm.slice(32)]) keep(key);
        return okm;
      },
    },
  };
}

/** How a key may show: as text, hex, base64, or a list of bytes. Ten bytes of it would be too many. */
function formsOf(key: Uint8Array): string[] {
  const part = Buffer.from(key.subarray(0, 10));
  return [
    part.toString("latin1"),
    part.toString("hex"),
    part.toString("hex").match(/../g)!.join(" "),
    part.toString("base64").slice(0, 12),
    [...part].join(","),
    [...part].join(", "),
    [...part].map((byte, at) => `"${at}":${byte}`).join(","),
  ];
}

/** Everything that `value` shows of itself. */
function shown(value: unknown): string {
  const texts = [
    inspect(value, { depth: Infinity, showHidden: true, getters: true, maxArrayLength: Infinity, breakLength: 1e6 }),
    inspect(value, { depth: Infinity, showHidden: true, showProxy: true }),
    JSON.stringify(value) as string | undefined,
    String(value),
  ];
  if (value instanceof Error) texts.push(value.stack, value.message);
  return texts.join("\n").toLowerCase();
}

function expectHidden(what: string, value: unknown, keys: readonly Uint8Array[]): void {
  const text = shown(value);
  for (const key of keys) {
    for (const form of formsOf(key)) {
      if (text.includes(form.toLowerCase())) expect.fail(`${what} shows a key as ${form}`);
    }
  }
}

describe("adversarial: secrets", () => {
  it("case 57: the check itself finds a key in each form", () => {
    const key = utf8(SECRET_PSK);
    for (const leak of [
      { key },
      { key: Buffer.from(key) },
      { hex: Buffer.from(key).toString("hex") },
      { list: [...key] },
      new Error(`bad key ${SECRET_PSK}`),
      new Error("bad key", { cause: { key: Buffer.from(key).toString("base64") } }),
    ]) {
      expect(() => expectHidden("a leak", leak, [key])).to.throw("shows a key");
    }
  });

  it("case 57: no public object shows a PSK or a session key, in any state", async () => {
    const watched = watchingKeys();
    const keys = [utf8(SECRET_PSK)];
    const rig = await new NetworkRig({ psk: { "*": SECRET_PSK }, crypto: watched.crypto }).listen();
    const byBytes = new UsmpServer({ psk: utf8(SECRET_PSK), crypto: watched.crypto });
    const byFunction = new UsmpServer({ psk: async () => SECRET_PSK, crypto: watched.crypto });
    const client = rig.client({ psk: SECRET_PSK, crypto: watched.crypto });
    const facade = new Usmp(SECRET_PSK, { clock: rig.clock, crypto: watched.crypto });
    const objects = { client, server: rig.server, byBytes, byFunction, facade, events: rig.events };
    const check = (when: string): void => {
      const all = { ...objects, session: client.session, gatewaySession: rig.sessions[0], ofFacade: rig.sessions[1] };
      for (const [name, value] of Object.entries(all))
        expectHidden(`${name} ${when}`, value, [...keys, ...watched.keys]);
    };
    check("at first");
    const connecting = client.connect();
    check("while it connects");
    await rig.settled(connecting);
    expect(await rig.settled(facade.begin(rig.network.dialer()))).to.equal(true);
    check("in a session");
    await rig.settled(client.rekey());
    client.send("under a new key");
    void client.ping();
    await rig.still();
    check("after a rekey");
    await rig.settled(client.disconnect());
    await rig.settled(facade.close());
    await rig.settled(rig.server.stop());
    check("at the end");
    expect(watched.keys.length).to.be.greaterThan(10);
    for (const value of await Promise.all([client.session!.closed, rig.sessions[0]!.closed])) {
      expectHidden("the reason", value, [...keys, ...watched.keys]);
    }
  });

  it("case 57: no error shows a PSK, whatever went wrong with it", async () => {
    const errors: unknown[] = [];
    const keep = (error: unknown): void => void errors.push(error);
    for (const make of [
      () => new Usmp(SHORT_PSK),
      () => new UsmpServer({ psk: SHORT_PSK }),
      () => new UsmpServer({ psk: { "24:0a:c4:01:02:03": SHORT_PSK } }),
      () => new UsmpServer({ psk: new Map([["*", SHORT_PSK]]) }),
      () => new UsmpServer({ psk: { [SECRET_PSK.slice(0, 5)]: SECRET_PSK } }),
      () => new UsmpClient({ host: "192.0.2.1", psk: SHORT_PSK }),
      () => new UsmpClient({ host: "192.0.2.1", psk: [...utf8(SECRET_PSK)] as never }),
      () => new UsmpClient({ host: "192.0.2.1", psk: { key: SECRET_PSK } as never }),
      () => Usmp.hex(SECRET_PSK),
    ]) {
      try {
        make();
        expect.fail("it was accepted");
      } catch (error) {
        if (!isUsmpError(error)) throw error;
        keep(error);
      }
    }
    for (const psk of [async () => SHORT_PSK, () => [...utf8(SECRET_PSK)] as never]) {
      const rig = await new NetworkRig({ psk }).listen();
      rig.server.on("error", keep);
      rig.server.on("refused", keep);
      await rejectionOf(rig.settled(rig.client({ psk: SECRET_PSK }).connect()), "AUTH").then(keep);
      await rig.settled(rig.server.stop());
    }
    const rig = await new NetworkRig().listen();
    rig.server.on("refused", keep);
    await rejectionOf(rig.settled(rig.client({ psk: SECRET_PSK }).connect()), "AUTH").then(keep);
    expect(errors.length).to.be.greaterThan(12);
    for (const error of errors) expectHidden("an error", error, [utf8(SECRET_PSK), utf8(SHORT_PSK)]);
  });

  for (const [what, kind] of [
    ["a table of entries", "table"],
    ["a store", "store"],
    ["a function", "function"],
  ] as const) {
    it(`case 57: no event, error or object shows a key after traffic and failures, with keys from ${what}`, async () => {
      const watched = watchingKeys();
      const entry: PskEntry = { key: SECRET_PSK, previousKey: utf8(OLD_PSK), cipher: "aes-256-gcm" };
      let revoke: (deviceId: string) => void = () => {};
      const lookup = async (id: string): Promise<PskEntry | null> => {
        if (id === BROKEN) throw new Error("the database is away");
        return id === UNKNOWN ? null : entry;
      };
      const store: PskStore = { lookup, onRevoked: (listener) => ((revoke = listener), () => {}) };
      const psk = { table: { [DEVICE_A]: entry, [DEVICE_B]: entry }, store, function: lookup }[kind];

      const texts: unknown[] = [];
      const keep = (...told: unknown[]): void => void texts.push(told);
      const logger: Logger = { debug: keep, info: keep, warn: keep, error: keep };
      const rig = await new NetworkRig({ psk, crypto: watched.crypto, logger, slowTimeoutMs: 1_000 }).listen();
      for (const event of ["refused", "error", "timeout"] as const) rig.server.on(event, keep);

      const options = { psk: SECRET_PSK, crypto: watched.crypto };
      const client = await rig.connected(options);
      const older = await rig.connected({ ...options, psk: OLD_PSK, deviceId: DEVICE_B });
      for (const end of [client.session!, older.session!, ...rig.sessions]) {
        end.on("message", () => {
          throw new Error("a handler that fails");
        });
        end.on("error", keep);
        end.on("close", keep);
        end.send("to be seen by nobody else");
      }
      await rig.settled(client.rekey());
      await rig.still();
      for (const deviceId of [UNKNOWN, BROKEN, DEVICE_A, ...Array<string>(6).fill("24:0a:c4:00:00:0c")]) {
        const wrong = rig.client({ deviceId, psk: "a wrong key of 20 bytes", crypto: watched.crypto });
        await rig.settled(wrong.connect()).catch(keep);
        texts.push(wrong);
      }
      // The one is superseded, the other revoked or hung up on.
      const again = await rig.connected(options);
      revoke(DEVICE_B);
      await rig.still();
      await rig.settled(older.disconnect());
      texts.push(again.session, rig.server.sessions(), rig.server.session(DEVICE_A)?.stats());
      await rig.settled(rig.server.stop());
      texts.push(client, client.session, older, older.session, rig.server, rig.sessions);

      expect(watched.keys.length).to.be.greaterThan(10);
      expect(texts.length).to.be.greaterThan(30);
      const keys = [utf8(SECRET_PSK), utf8(OLD_PSK), ...watched.keys];
      for (const [at, text] of texts.entries()) expectHidden(`what was told or kept as number ${at}`, text, keys);
    });
  }

  it("case 57: no event and no object shows a key over UDP", async () => {
    const watched = watchingKeys();
    const texts: unknown[] = [];
    const keep = (...told: unknown[]): void => void texts.push(told);
    const logger: Logger = { debug: keep, info: keep, warn: keep, error: keep };
    const rig = await new DatagramRig({ crypto: watched.crypto, logger }).listen();
    const device = rig.usmp({ crypto: watched.crypto, reconnect: false });
    expect(await rig.until(device.begin(rig.network.dialer()))).to.equal(true);
    await rig.until(device.sendAsync("a message"));
    const wrong = rig.usmp({ crypto: watched.crypto, reconnect: false }, "a wrong key of 20 bytes");
    wrong.on("error", keep);
    expect(await rig.until(wrong.begin(rig.network.dialer()))).to.equal(false);
    await rig.clock.advance(15_000);
    texts.push(device, wrong, rig.gateway, rig.sessions, wrong.lastErrorString());
    await rig.close();
    texts.push(device, rig.gateway, rig.sessions);
    expect(watched.keys.length).to.be.greaterThan(4);
    for (const [at, text] of texts.entries()) expectHidden(`number ${at}`, text, [utf8(PSK), ...watched.keys]);
  });

  it("case 57: no error about an entry of keys shows one", async () => {
    for (const entry of [
      { key: SHORT_PSK },
      { key: SECRET_PSK, previousKey: SHORT_PSK },
      { key: SECRET_PSK, previousKeyExpires: OLD_PSK },
      { key: SECRET_PSK, cipher: OLD_PSK },
      { key: null, previousKey: SECRET_PSK },
      { psk: SECRET_PSK },
    ] as unknown as PskEntry[]) {
      const secrets = [SECRET_PSK, SHORT_PSK].map((text) => utf8(text));
      try {
        new UsmpServer({ psk: { "*": entry } });
        expect.fail("it was accepted");
      } catch (error) {
        if (!isUsmpError(error)) throw error;
        expectHidden("the error", error, secrets);
      }
      const rig = await new NetworkRig({ psk: { lookup: () => entry } }).listen();
      const errors: UsmpError[] = [];
      rig.server.on("error", (error) => errors.push(error));
      await rejectionOf(rig.settled(rig.client().connect()), "AUTH");
      expect(errors).to.have.lengthOf(1);
      expectHidden("the event", errors, secrets);
      await rig.settled(rig.server.stop());
    }
  });

  it("case 57: no warning for a failing handler shows more than its own message", () => {
    const error = new UsmpError("HANDLER", "a callback failed: x", { cause: new Error("x") });
    expectHidden("the error", error, [utf8(SECRET_PSK)]);
  });

  it("case 57: a device id of newlines and escapes is hex in every event and message", async () => {
    const nasty = concat(utf8("\n\u001b[2J"), filled(1, 0x0d));
    expect(nasty).to.have.lengthOf(6);
    const gateway = await EchoGateway.start({
      psk: (id) => {
        if (gateway.endings.length === 0) throw new Error("first time");
        expect(id).to.equal("0a:1b:5b:32:4a:0d");
        return "sixteen bytes or more";
      },
    });
    const texts: string[] = [];
    gateway.server.on("error", (error) => texts.push(shown(error)));
    gateway.server.on("refused", (error) => texts.push(shown(error)));
    const refused = await HostileDevice.connect(gateway.port, { deviceId: nasty });
    refused.write(await refused.prove());
    await refused.over();
    await eventually(() => texts.length === 2, "both events");
    const device = await (await HostileDevice.connect(gateway.port, { deviceId: nasty })).establish();
    texts.push(shown(gateway.server.sessions()[0]), gateway.server.sessions()[0]!.deviceId);
    for (const text of texts) for (const bad of ["\u001b", "\r", "[2j"]) expect(text).to.not.include(bad);
    expect(texts.at(-1)).to.equal("0a:1b:5b:32:4a:0d");
    expect(texts[0]).to.include("0a:1b:5b:32:4a:0d");
    device.destroy();
    await gateway.stop();
  });
});
