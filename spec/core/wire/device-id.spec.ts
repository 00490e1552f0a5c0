import { expect } from "chai";
import { formatDeviceId, parseDeviceId, randomDeviceId } from "../../../lib/core/wire/device-id.js";
import { filled, fromHex } from "../../support/core-bytes.js";
import { scripted } from "../../support/core-crypto.js";
import { expectCode } from "../../support/core-errors.js";

describe("device id", () => {
  const bytes = fromHex("24 0a c4 01 02 03");

  it("is shown as six pairs of hex digits", () => {
    expect(formatDeviceId(bytes)).to.equal("24:0a:c4:01:02:03");
    expect(formatDeviceId(fromHex("0a 1b 5b 0d 09 ff"))).to.equal("0a:1b:5b:0d:09:ff");
  });

  it("is read from text in either case", () => {
    expect(parseDeviceId("24:0a:c4:01:02:03")).to.deep.equal(bytes);
    expect(parseDeviceId("24:0A:C4:01:02:03")).to.deep.equal(bytes);
  });

  it("is copied from bytes", () => {
    const given = Uint8Array.from(bytes);
    const parsed = parseDeviceId(given);
    given.fill(0);
    expect(parsed).to.deep.equal(bytes);
  });

  it("is refused in any other form, with the right form in the message", () => {
    const wrong = [
      "",
      "24:0a:c4:01:02",
      "24:0a:c4:01:02:03:04",
      "240ac4010203",
      "24-0a-c4-01-02-03",
      "24:0a:c4:01:02:0g",
      " 24:0a:c4:01:02:03",
      "24:0a:c4:01:02:03\n",
      filled(5, 1),
      filled(7, 1),
      new Uint8Array(0),
      42,
      null,
      undefined,
      {},
    ];
    for (const value of wrong) {
      const error = expectCode(() => parseDeviceId(value as string), "INVALID_ARG");
      expect(error.message).to.include("24:0a:c4:01:02:03");
      expect(error.message).not.to.include("\n");
    }
  });

  it("is not repeated in the message if it cannot be an id: it may be a key in the wrong place", () => {
    const key = "TOPSECRETKEY-0123456789abcdef";
    expect(expectCode(() => parseDeviceId(key), "INVALID_ARG").message).to.include("a text of 29 characters");
    expect(expectCode(() => parseDeviceId("240ac4010203"), "INVALID_ARG").message).to.include('"240ac4010203"');
  });

  it("is random with the locally administered bit set and the multicast bit clear", () => {
    expect(randomDeviceId(scripted({ random: [filled(6, 0xff)] }))).to.deep.equal(fromHex("fe ff ff ff ff ff"));
    expect(randomDeviceId(scripted({ random: [filled(6, 0x00)] }))).to.deep.equal(fromHex("02 00 00 00 00 00"));
  });
});
