import { expect } from "chai";
import {
  FrameType,
  frameTypeName,
  isHandshakeType,
  isSessionType,
  MAX_MESSAGE_LENGTH,
  MAX_PLAINTEXT_LENGTH,
} from "../../../lib/core/wire/wire.js";

describe("wire", () => {
  it("sorts every type byte into handshake, session or neither (§2)", () => {
    const handshake = [0x01, 0x02, 0x03, 0x04, 0x0a];
    const session = [0x05, 0x06, 0x07, 0x08, 0x09, 0x0b];
    for (let type = 0; type <= 0xff; type++) {
      expect(isHandshakeType(type), `type ${type}`).to.equal(handshake.includes(type));
      expect(isSessionType(type), `type ${type}`).to.equal(session.includes(type));
    }
  });

  it("names the types it knows and shows others as hex", () => {
    expect(frameTypeName(FrameType.REKEY)).to.equal("REKEY");
    expect(frameTypeName(0x00)).to.equal("0x00");
    expect(frameTypeName(0xff)).to.equal("0xff");
  });

  it("allows 452 bytes in a frame and 1808 in a message (§4)", () => {
    expect(MAX_PLAINTEXT_LENGTH).to.equal(452);
    expect(MAX_MESSAGE_LENGTH).to.equal(1808);
  });
});
