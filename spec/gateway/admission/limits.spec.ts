import { expect } from "chai";
import {
  checkLimits,
  DEFAULT_LIMITS,
  LIMIT_NAMES,
  LIMIT_RULES,
  type GatewayLimits,
} from "../../../lib/gateway/admission/limits.js";
import { UsmpServer } from "../../../lib/gateway/server.js";
import { Usmp } from "../../../lib/usmp.js";
import { TEXT_PSK } from "../../support/session-network.js";
import { thrownBy } from "../../support/facade-rig.js";

describe("the gateway's limits", () => {
  function refusal(changed: Partial<Record<keyof GatewayLimits, unknown>>): string {
    const { code, message } = thrownBy(() =>
      checkLimits({ ...DEFAULT_LIMITS, ...(changed as Partial<GatewayLimits>) }),
    );
    expect(code).to.equal("INVALID_ARG");
    return message;
  }

  it("are these by default (docs/gateway.md#limits)", () => {
    expect(DEFAULT_LIMITS).to.deep.equal({
      maxSessions: 4_096,
      maxSessionsPerAddress: 256,
      maxHandshakes: 256,
      maxHandshakesPerAddress: 16,
      maxHandshakesPerSecond: 1_000,
      maxHandshakesPerSecondPerAddress: 50,
      handshakeBurstPerAddress: 200,
      helloTimeoutMs: 3_000,
      lockoutAfterFailures: 5,
      lockoutMs: 1_000,
      maxLockoutMs: 60_000,
      rememberMs: 86_400_000,
      maxTableEntries: 65_536,
      maxCookiesPerSecond: 20_000,
      cookieMs: 30_000,
      slowTimeoutMs: 30_000,
      maxLogLinesPerSecond: 10,
    });
    expect(() => checkLimits(DEFAULT_LIMITS)).to.not.throw();
  });

  for (const name of LIMIT_NAMES) {
    const { least, most } = LIMIT_RULES[name];

    it(`${name} goes from ${least} to ${most}, in whole numbers`, () => {
      // Two are bound by another one, which goes along.
      const bounds = { maxHandshakes: LIMIT_RULES.maxHandshakes.most, maxLockoutMs: LIMIT_RULES.maxLockoutMs.most };
      const lows = { maxHandshakesPerAddress: 1, lockoutMs: 1 };
      for (const given of [least, most])
        expect(() => checkLimits({ ...DEFAULT_LIMITS, ...bounds, ...lows, [name]: given })).to.not.throw();
      for (const given of [least - 1, most + 1, -1, 1.5, NaN, Infinity])
        expect(refusal({ [name]: given })).to.equal(
          `${name} is ${given}; give a whole number from ${least} to ${most}`,
        );
      expect(refusal({ [name]: "10" })).to.include(`${name} is a text; give a whole number`);
      expect(refusal({ [name]: null })).to.include(`${name} is of type object`);
    });
  }

  it("that go together are checked together, and the message has both", () => {
    expect(refusal({ maxHandshakes: 15 })).to.equal(
      "maxHandshakesPerAddress is 16; give at most maxHandshakes, which is 15",
    );
    expect(() => checkLimits({ ...DEFAULT_LIMITS, maxHandshakes: 16 })).to.not.throw();
    expect(refusal({ lockoutMs: 60_001 })).to.equal("lockoutMs is 60001; give at most maxLockoutMs, which is 60000");
  });

  it("are options of UsmpServer and of the facade, checked when they are given", () => {
    for (const make of [
      () => new UsmpServer({ psk: TEXT_PSK, maxSessions: 0 }),
      () => new Usmp(TEXT_PSK, { maxSessions: 0 }),
    ]) {
      const { code, message } = thrownBy(make);
      expect([code, message]).to.deep.equal([
        "INVALID_ARG",
        "maxSessions is 0; give a whole number from 1 to 10000000",
      ]);
    }
  });
});
