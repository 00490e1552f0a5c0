import { expect } from "chai";
import {
  checkCipher,
  checkKnown,
  checkNumber,
  checkSessionSettings,
  DEFAULT_SESSION_SETTINGS,
  withDefaults,
} from "../../lib/session/options.js";
import { expectCode } from "../support/core-errors.js";

describe("session options", () => {
  it("are right by default", () => {
    checkSessionSettings(DEFAULT_SESSION_SETTINGS);
    expect(DEFAULT_SESSION_SETTINGS).to.include({
      cipher: "aes-256-gcm",
      handshakeTimeoutMs: 10_000,
      partialFrameTimeoutMs: 15_000,
      maxUnsentBytes: 65_536,
      maxUnreadMessages: 64,
      maxUnreadBytes: 32_768,
      closeTimeoutMs: 1_000,
    });
  });

  for (const [name, bad] of [
    ["handshakeTimeoutMs", 0],
    ["partialFrameTimeoutMs", -1],
    ["maxUnsentBytes", 0],
    ["maxUnreadMessages", 0.5],
    ["maxUnreadBytes", Number.NaN],
    ["closeTimeoutMs", -1],
    ["handshakeTimeoutMs", "10"],
  ] as const) {
    it(`refuse ${name} ${String(bad)} with INVALID_ARG, naming option, value and what is allowed`, () => {
      const error = expectCode(() => checkSessionSettings({ ...DEFAULT_SESSION_SETTINGS, [name]: bad }), "INVALID_ARG");
      expect(error.message).to.include(name).and.to.include(String(bad)).and.to.include("at least");
    });
  }

  it("refuse an option that there is not with INVALID_ARG, naming it and those there are", () => {
    const error = expectCode(() => checkKnown({ keepalive: 5 }, { keepaliveMs: 1 }, { port: 2 }), "INVALID_ARG");
    expect(error.message).to.equal(
      'there is no option "keepalive"; the options are crypto, keepaliveMs, logger, metrics, port',
    );
    checkKnown({ keepaliveMs: undefined, crypto: {} }, { keepaliveMs: 1 });
  });

  it("allow Infinity where there is no upper bound", () => {
    checkNumber("sessionTimeoutMs", Infinity, 0);
  });

  it("name an upper bound where there is one", () => {
    checkNumber("share", 1, 0, 1);
    const error = expectCode(() => checkNumber("share", 2, 0, 1), "INVALID_ARG");
    expect(error.message).to.equal("share is 2; give a number from 0 to 1");
  });

  it("know two ciphers and refuse any other with INVALID_ARG", () => {
    checkCipher("aes-256-gcm");
    checkCipher("chacha20-poly1305");
    const error = expectCode(() => checkCipher("rot13"), "INVALID_ARG");
    expect(error.message).to.include('"rot13"').and.to.include('"chacha20-poly1305"');
    expectCode(() => checkCipher(undefined), "INVALID_ARG");
  });

  it("count undefined as not given", () => {
    const given: { a?: number; b?: number } = { b: 3 };
    Object.assign(given, { a: undefined });
    expect(withDefaults({ a: 1, b: 2 }, given)).to.deep.equal({ a: 1, b: 3 });
  });
});
