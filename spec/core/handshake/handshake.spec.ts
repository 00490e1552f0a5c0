import { expect } from "chai";
import { expectFrame } from "../../../lib/core/handshake/handshake.js";
import { FrameType } from "../../../lib/core/wire/wire.js";
import { counted } from "../../support/core-bytes.js";
import { expectCode } from "../../support/core-errors.js";
import { asFrame, plainFrame } from "../../support/core-frames.js";

describe("expectFrame", () => {
  const hello = (length: number) => asFrame(plainFrame(FrameType.HELLO, counted(length)));

  it("accepts the type with one of the lengths", () => {
    expectFrame(hello(38), FrameType.HELLO, 38, 54);
    expectFrame(hello(54), FrameType.HELLO, 38, 54);
  });

  it("rejects another type, named in the message", () => {
    const error = expectCode(() => expectFrame(hello(38), FrameType.CHALLENGE, 38), "HANDSHAKE");
    expect(error.message).to.include("HELLO").and.to.include("CHALLENGE");
  });

  it("rejects another length, and names the right ones", () => {
    const error = expectCode(() => expectFrame(hello(37), FrameType.HELLO, 38, 54), "HANDSHAKE");
    expect(error.message).to.include("37").and.to.include("38 or 54");
  });
});
