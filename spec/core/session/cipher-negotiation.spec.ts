import { expect } from "chai";
import { CIPHER_WAIT_MS, CipherNegotiation } from "../../../lib/core/session/cipher-negotiation.js";
import type { CipherName } from "../../../lib/core/crypto-provider.js";
import { expectCode } from "../../support/core-errors.js";

const AES = "aes-256-gcm";
const CHACHA = "chacha20-poly1305";

/** A choice between both, and what it says that it has learned. */
function both(preferred: CipherName | null = null): { choice: CipherNegotiation; learned: CipherName[] } {
  const choice = new CipherNegotiation([AES, CHACHA]);
  const learned: CipherName[] = [];
  choice.hint({ preferred, onLearned: (cipher) => learned.push(cipher) });
  choice.start(1_000);
  return { choice, learned };
}

describe("CipherNegotiation", () => {
  it("is fixed from the start if there is one candidate, however it is given", () => {
    for (const choice of [new CipherNegotiation([CHACHA]), CipherNegotiation.of(CHACHA)]) {
      expect([choice.isDecided, choice.isFixed, choice.cipher, choice.dueAt]).to.deep.equal([
        true,
        true,
        CHACHA,
        Infinity,
      ]);
      choice.start(0);
      choice.guess();
      choice.reportPeerGone();
      expect([choice.isFixed, choice.cipher, choice.decideIfDue(0)]).to.deep.equal([true, CHACHA, true]);
    }
  });

  it("returns a negotiation as it is", () => {
    const { choice } = both();
    expect(CipherNegotiation.of(choice)).to.equal(choice);
  });

  it("has no cipher before it is made", () => {
    expect(() => both().choice.cipher).to.throw("no cipher was chosen yet");
  });

  it("is fixed, and learned, by the first frame that verifies", () => {
    const { choice, learned } = both();
    choice.verified(CHACHA);
    expect([choice.isFixed, choice.cipher, choice.dueAt]).to.deep.equal([true, CHACHA, Infinity]);
    expect(learned).to.deep.equal([CHACHA]);
  });

  it("guesses if output waits 500 ms after the peer could speak, not sooner", () => {
    const { choice, learned } = both();
    expect(choice.dueAt).to.equal(1_000 + CIPHER_WAIT_MS);
    expect([choice.decideIfDue(1_499), choice.isDecided]).to.deep.equal([false, false]);
    expect([choice.decideIfDue(1_500), choice.isDecided, choice.isFixed]).to.deep.equal([true, true, false]);
    expect(learned).to.deep.equal([]);
  });

  for (const [what, preferred, guessed] of [
    ["the first where nothing is preferred", null, AES],
    ["what is preferred", CHACHA, CHACHA],
  ] as const) {
    it(`guesses ${what}, and is fixed by the first frame that shows it right`, () => {
      const { choice, learned } = both(preferred);
      choice.guess();
      expect(choice.cipher).to.equal(guessed);
      choice.verified(guessed);
      expect([choice.isFixed, choice.cipher, learned]).to.deep.equal([true, guessed, [guessed]]);
    });
  }

  it("ignores a preference for a cipher that is no candidate", () => {
    const choice = new CipherNegotiation([AES]);
    choice.hint({ preferred: CHACHA, onLearned: () => {} });
    expect(choice.cipher).to.equal(AES);
  });

  it("throws CRYPTO if a guess proves wrong, and learns the right cipher", () => {
    const { choice, learned } = both();
    choice.guess();
    const error = expectCode(() => choice.verified(CHACHA), "CRYPTO");
    expect(error.message).to.contain(CHACHA).and.to.contain(AES);
    expect(learned).to.deep.equal([CHACHA]);
  });

  it("learns the next candidate from a doubt in its guess, and from no other", () => {
    for (const [preferred, next] of [
      [AES, CHACHA],
      [CHACHA, AES],
    ] as const) {
      const { choice, learned } = both(preferred);
      choice.reportPeerGone();
      expect(learned).to.deep.equal([]);
      choice.guess();
      choice.reportPeerGone();
      expect(learned).to.deep.equal([next]);
    }
    const { choice, learned } = both();
    choice.verified(AES);
    choice.reportPeerGone();
    expect(learned).to.deep.equal([AES]);
  });
});
