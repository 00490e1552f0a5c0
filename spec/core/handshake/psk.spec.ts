import { expect } from "chai";
import { parseHexKey, parsePsk } from "../../../lib/core/handshake/psk.js";
import { counted, fromHex, utf8 } from "../../support/core-bytes.js";
import { expectCode } from "../../support/core-errors.js";

describe("PSK", () => {
  it("is a string's UTF-8 bytes, even if the string looks like hex", () => {
    expect(parsePsk("usmp-dev-psk-1234")).to.deep.equal(utf8("usmp-dev-psk-1234"));
    expect(parsePsk("0123456789abcdef")).to.deep.equal(utf8("0123456789abcdef"));
    expect(parsePsk("ääääääää")).to.have.lengthOf(16);
  });

  it("is a copy of the bytes given", () => {
    const given = counted(16);
    const parsed = parsePsk(given);
    given.fill(0);
    expect(parsed).to.deep.equal(counted(16));
  });

  it("is a plain Uint8Array, also from a Buffer", () => {
    expect(parsePsk(Buffer.from(counted(16))).constructor).to.equal(Uint8Array);
  });

  it("may be long", () => {
    expect(parsePsk(counted(200))).to.deep.equal(counted(200));
  });

  it("is refused below 16 bytes, with both lengths in the message and never the key", () => {
    for (const short of ["fifteen bytes!!", "", utf8("fifteen bytes!!"), "hush"]) {
      const error = expectCode(() => parsePsk(short), "INVALID_ARG");
      expect(error.message).to.include(`${short.length} bytes`).and.to.include("16");
      expect(error.message).not.to.include("fifteen").and.not.to.include("hush");
    }
  });

  it("is refused if it is neither text nor bytes", () => {
    for (const wrong of [null, undefined, 1234567890123456, {}, counted(16).buffer, Array.from(counted(16))]) {
      const error = expectCode(() => parsePsk(wrong as string), "INVALID_ARG");
      expect(error.message).not.to.include("1234567890123456");
    }
    expect(expectCode(() => parsePsk(null as unknown as string), "INVALID_ARG").message).to.include("null");
  });
});

describe("hex key", () => {
  it("is read in either case", () => {
    expect(parseHexKey("00ffAb10")).to.deep.equal(fromHex("00 ff ab 10"));
  });

  it("is refused in any other form, and not repeated in the message", () => {
    for (const wrong of ["", "abc", "0x00", "00 11", "secretsecret", "00\n", 12 as unknown as string]) {
      const error = expectCode(() => parseHexKey(wrong), "INVALID_ARG");
      expect(error.message).not.to.include("secret");
    }
  });
});
