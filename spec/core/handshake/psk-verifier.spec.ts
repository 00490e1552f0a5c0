import { expect } from "chai";
import { PskVerifier, type Agreement } from "../../../lib/core/handshake/psk-verifier.js";
import { hmacClient, hmacServer } from "../../../lib/core/handshake/key-derivation.js";
import type { CryptoProvider } from "../../../lib/core/crypto-provider.js";
import { FrameType } from "../../../lib/core/wire/wire.js";
import { counted } from "../../support/core-bytes.js";
import { crypto } from "../../support/core-crypto.js";
import { DECOY_PSK, DEVICE_ID, PSK } from "../../support/core-pair.js";

const PREVIOUS_PSK = counted(24, 0x70);
const HELLO = { deviceId: DEVICE_ID, pubC: crypto.generateKeyPair().publicKey };

type Keys = readonly [psk: Uint8Array | null, previousPsk: Uint8Array | null];

function judged([psk, previousPsk]: Keys, provenWith: Uint8Array): { agreed: Agreement | null; proof: PskVerifier } {
  const proof = new PskVerifier({ crypto, decoyPsk: DECOY_PSK }, HELLO, psk, previousPsk);
  return { proof, agreed: proof.verify(hmacClient(crypto, provenWith, proof.transcript)) };
}

/** What a provider was asked to do, by name and, for HMACs, by the lengths of what went in. */
function recording(): { readonly recorder: CryptoProvider; readonly calls: string[] } {
  const calls: string[] = [];
  const recorder: CryptoProvider = {
    ...crypto,
    generateKeyPair: () => (calls.push("pair"), crypto.generateKeyPair()),
    randomBytes: (length) => (calls.push(`random ${length}`), crypto.randomBytes(length)),
    hmacSha256: (key, ...parts) => {
      calls.push(`hmac ${parts.map((part) => part.length).join("+")}`);
      return crypto.hmacSha256(key, ...parts);
    },
    hkdfSha256: (...args) => (calls.push("hkdf"), crypto.hkdfSha256(...args)),
    constantTimeEqual: (a, b) => (calls.push("compare"), crypto.constantTimeEqual(a, b)),
  };
  return { recorder, calls };
}

describe("PskVerifier", () => {
  it("takes the device's key, and answers with that one (§3)", () => {
    const { agreed, proof } = judged([PSK, null], PSK);
    expect(agreed?.proof).to.equal("current");
    const { sessionId } = agreed!;
    expect(agreed?.sessionOk).to.deep.equal({
      type: FrameType.SESSION_OK,
      seq: 0,
      payload: Uint8Array.from([...sessionId, ...hmacServer(crypto, PSK, proof.transcript, sessionId)]),
    });
  });

  it("takes the previous key during a rotation, and answers with that one", () => {
    const { agreed, proof } = judged([PSK, PREVIOUS_PSK], PREVIOUS_PSK);
    expect(agreed?.proof).to.equal("previous");
    const { sessionId } = agreed!;
    const expected = hmacServer(crypto, PREVIOUS_PSK, proof.transcript, sessionId);
    expect(agreed?.sessionOk.payload.subarray(16)).to.deep.equal(expected);
  });

  for (const [what, keys, provenWith] of [
    ["a wrong key", [PSK, null], PREVIOUS_PSK],
    ["a key that is neither of two", [PSK, PREVIOUS_PSK], counted(16, 1)],
    ["any key of a device that has none", [null, null], PSK],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(judged(keys, provenWith).agreed).to.equal(null);
    });
  }

  it("case 16: does the same work for a wrong key, a device with two, and an unknown one", () => {
    const work = (
      [
        [PSK, null],
        [PSK, PREVIOUS_PSK],
        [null, null],
      ] as const
    ).map(([psk, previousPsk]) => {
      const { recorder, calls } = recording();
      const proof = new PskVerifier({ crypto: recorder, decoyPsk: DECOY_PSK }, HELLO, psk, previousPsk);
      expect(proof.verify(counted(32))).to.equal(null);
      return calls;
    });
    expect(work[0]).to.have.length.above(5);
    expect(work[1]).to.deep.equal(work[0]);
    expect(work[2]).to.deep.equal(work[0]);
  });

  it("wipes its copies of the keys, and not the decoy", () => {
    const wiped: Uint8Array[] = [];
    const watched = { ...crypto, wipe: (bytes: Uint8Array) => void wiped.push(bytes) };
    const proof = new PskVerifier({ crypto: watched, decoyPsk: DECOY_PSK }, HELLO, PSK, PREVIOUS_PSK);
    proof.wipe();
    expect(wiped).to.deep.equal([PSK, PREVIOUS_PSK]);
    expect(wiped.includes(PSK)).to.equal(false);
    new PskVerifier({ crypto: watched, decoyPsk: DECOY_PSK }, HELLO, null, null).wipe();
    expect(wiped).to.have.length(2);
  });
});
