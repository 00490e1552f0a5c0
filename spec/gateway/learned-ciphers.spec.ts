import { expect } from "chai";
import { LearnedCiphers } from "../../lib/gateway/learned-ciphers.js";

describe("LearnedCiphers", () => {
  it("knows nothing of a device that it never heard of", () => {
    expect(new LearnedCiphers(65_536).of("a")).to.equal(null);
  });

  it("knows what was learned last", () => {
    const learned = new LearnedCiphers(65_536);
    learned.note("a", "aes-256-gcm");
    learned.note("b", "aes-256-gcm");
    learned.note("a", "chacha20-poly1305");
    expect([learned.of("a"), learned.of("b")]).to.deep.equal(["chacha20-poly1305", "aes-256-gcm"]);
  });

  it("remembers the 65,536 that were learned of last", () => {
    const learned = new LearnedCiphers(65_536);
    for (let device = 0; device <= 65_535; device++) learned.note(`${device}`, "aes-256-gcm");
    learned.note("0", "chacha20-poly1305");
    learned.note("one more", "aes-256-gcm");
    expect([learned.of("0"), learned.of("1"), learned.of("2")]).to.deep.equal([
      "chacha20-poly1305",
      null,
      "aes-256-gcm",
    ]);
  });
});
