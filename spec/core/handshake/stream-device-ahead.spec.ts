/** A device that derives its keys while it waits for SESSION_OK: what becomes of them, however the wait ends. */
import { expect } from "chai";
import { concat } from "../../../lib/core/wire/bytes.js";
import type { CryptoProvider } from "../../../lib/core/crypto-provider.js";
import { FrameType } from "../../../lib/core/wire/wire.js";
import { UsmpError } from "../../../lib/errors.js";
import { filled, flipped, toHex } from "../../support/core-bytes.js";
import { counting, crypto } from "../../support/core-crypto.js";
import { plainFrame } from "../../support/core-frames.js";
import { deviceEnd, gatewayEnd, type End } from "../../support/core-pair.js";

/** `base`, noting what it derives, as the arrays themselves, and their bytes at that time. */
function watchingKeys(base: CryptoProvider = crypto): { readonly crypto: CryptoProvider; readonly wiped: Set<string> } {
  const wiped = new Set<string>();
  const wipe = (bytes: Uint8Array): void => {
    wiped.add(toHex(bytes));
    base.wipe(bytes);
  };
  return { crypto: { ...base, wipe }, wiped };
}

/** A device that has derived its keys and waits for SESSION_OK, and what the gateway would send. */
function waiting(): {
  device: End;
  sessionOk: Uint8Array;
  derived: string[];
  wiped: Set<string>;
  exchanges: () => number;
} {
  const counted = counting();
  const watched = watchingKeys(counted.crypto);
  const derived: string[] = [];
  const hkdfSha256: CryptoProvider["hkdfSha256"] = (...args) => {
    const okm = counted.crypto.hkdfSha256(...args);
    derived.push(toHex(okm.subarray(0, 32)), toHex(okm.subarray(32)));
    return okm;
  };
  const device = deviceEnd({ crypto: { ...watched.crypto, hkdfSha256 } });
  const gateway = gatewayEnd();
  gateway.receive(device.output());
  device.receive(gateway.output());
  gateway.receive(device.output());
  device.connection.prepare(0);
  expect(derived).to.have.lengthOf(2);
  return { device, sessionOk: gateway.output(), derived, wiped: watched.wiped, exchanges: counted.exchanges };
}

describe("a device that derives ahead", () => {
  for (const [end, code, finish] of [
    ["its deadline", "TIMEOUT", (device) => device.connection.handleDeadline(10_000)],
    ["the end of the link", "AUTH", (device) => device.connection.linkEnded()],
    ["a broken link", "AUTH", (device) => device.connection.linkEnded(new UsmpError("TRANSPORT", "ECONNRESET"))],
    ["close", "CLOSED", (device) => device.connection.close(new UsmpError("CLOSED", "done"))],
    ["an abort", "CLOSED", (device) => device.connection.abandon(new UsmpError("CLOSED", "done"))],
    [
      "a second CHALLENGE",
      "HANDSHAKE",
      (device) =>
        device.receive(plainFrame(FrameType.CHALLENGE, concat(filled(32, 1), crypto.generateKeyPair().publicKey))),
    ],
    ["a HELLO_RETRY", "HANDSHAKE", (device) => device.receive(plainFrame(FrameType.HELLO_RETRY, filled(16, 1)))],
    ["a frame of a session", "HANDSHAKE", (device) => device.receive(plainFrame(FrameType.DATA, filled(28, 1)))],
    ["a damaged frame", "FRAME", (device, sessionOk) => device.receive(flipped(sessionOk, 20))],
    [
      "a forged SESSION_OK",
      "AUTH",
      (device) => device.receive(plainFrame(FrameType.SESSION_OK, concat(filled(16, 1), filled(32, 2)))),
    ],
  ] as const satisfies readonly (readonly [string, string, (device: End, sessionOk: Uint8Array) => void])[]) {
    it(`wipes both keys at ${end}, and has no session`, () => {
      const { device, sessionOk, derived, wiped } = waiting();
      for (const key of derived) expect(wiped.has(key)).to.equal(false);
      finish(device, sessionOk);
      expect([device.closed, device.established]).to.deep.equal([code, false]);
      for (const key of derived) expect(wiped.has(key)).to.equal(true);
      device.connection.prepare(0);
      device.receive(sessionOk);
      expect(device.established).to.equal(false);
      expect(derived).to.have.lengthOf(2);
    });
  }

  it("wipes none of the keys that a session has taken over, and computes one exchange in all", () => {
    const { device, sessionOk, derived, wiped, exchanges } = waiting();
    device.receive(sessionOk);
    expect(device.established).to.equal(true);
    device.connection.prepare(0);
    for (const key of derived) expect(wiped.has(key)).to.equal(false);
    expect(exchanges()).to.equal(1);
    device.connection.abandon(new UsmpError("CLOSED", "done"));
    for (const key of derived) expect(wiped.has(key)).to.equal(true);
  });

  it("reports a low-order key only after it has verified SESSION_OK", () => {
    const device = deviceEnd();
    device.output();
    device.receive(plainFrame(FrameType.CHALLENGE, concat(filled(32, 0x4e), filled(32, 0))));
    device.connection.prepare(0);
    expect(device.closed).to.equal(undefined);
    device.receive(plainFrame(FrameType.SESSION_OK, concat(filled(16, 1), filled(32, 2))));
    expect([device.closed, device.established]).to.deep.equal(["AUTH", false]);
    const last = device.events.at(-1);
    expect(last?.type === "closed" && last.error.message).to.contain("does not have our PSK");
  });

  it("ends with the provider's error if deriving ahead fails", () => {
    const generateKeyPair: CryptoProvider["generateKeyPair"] = () => ({
      ...crypto.generateKeyPair(),
      publicKey: filled(32, 9),
      sharedSecret: () => {
        throw new UsmpError("CRYPTO", "the key store is locked");
      },
      wipe: () => {},
    });
    const device = deviceEnd({ crypto: { ...crypto, generateKeyPair } });
    device.output();
    device.receive(plainFrame(FrameType.CHALLENGE, concat(filled(32, 0x4e), filled(32, 9))));
    device.connection.prepare(0);
    expect([device.closed, device.established]).to.deep.equal(["CRYPTO", false]);
  });
});
