import { expect } from "chai";
import { DatagramKeys } from "../../../lib/core/datagram/datagram-keys.js";
import { DatagramOutbox } from "../../../lib/core/datagram/datagram-outbox.js";
import { ArqSender } from "../../../lib/core/datagram/arq-sender.js";
import { readUtack } from "../../../lib/core/wire/utack.js";
import { FrameType, LAST_SEQ } from "../../../lib/core/wire/wire.js";
import { UsmpError } from "../../../lib/errors.js";
import { NOTHING, utf8 } from "../../support/core-bytes.js";
import { crypto } from "../../support/core-crypto.js";
import { expectCode } from "../../support/core-errors.js";
import { agreedKeys, C2S, SESSION_ID } from "../../support/core-pair.js";
import { namesOf, utackFor } from "../../support/datagram-pair.js";

const lost = (message: string): UsmpError => new UsmpError("TIMEOUT", message);

function senderAt(nextSeq?: number): { sender: ArqSender; outbox: DatagramOutbox } {
  const keys = new DatagramKeys({ crypto, cipher: "aes-256-gcm", sessionId: SESSION_ID }, "device", agreedKeys());
  if (nextSeq !== undefined) Object.defineProperty(keys.tx, "nextSeq", { value: nextSeq });
  const outbox = new DatagramOutbox();
  return { sender: new ArqSender(crypto, keys, outbox), outbox };
}

describe("ArqSender", () => {
  it("sends a frame, and retransmits it when its timeout passes", () => {
    const { sender, outbox } = senderAt();
    sender.transmit(FrameType.DATA, utf8("x"), 0);
    expect(sender.isIdle).to.equal(false);
    const [first] = outbox.take();
    sender.resend(499, lost);
    expect(outbox.take()).to.deep.equal([]);
    sender.resend(500, lost);
    expect(outbox.take()).to.deep.equal([first]);
    expect(sender.retransmissions).to.equal(1);
    expect(sender.nextDeadline()).to.equal(1_500);
  });

  it("sends the frame that was sealed ahead next, with the next number", () => {
    const { sender, outbox } = senderAt();
    expect(sender.wantsNext, "nothing to follow").to.equal(false);
    sender.transmit(FrameType.DATA, utf8("a"), 0);
    expect(sender.wantsNext).to.equal(true);
    const before = sender.unackedBytes;
    sender.sealAhead(FrameType.DATA, utf8("b"));
    expect(sender.wantsNext, "one is enough").to.equal(false);
    expect(sender.unackedBytes).to.equal(2 * before);
    sender.prepare();
    const [a] = outbox.take();
    expect(sender.acknowledge(readUtack(utackFor(a!, C2S))!, 5)).to.equal(true);
    expect(sender.roundTripMs).to.equal(5);
    expect(sender.transmitReady(5)).to.equal(true);
    expect(namesOf(outbox.take())).to.deep.equal(["DATA 1"]);
    sender.settle();
    expect(sender.transmitReady(6)).to.equal(false);
  });

  it("keeps the last number for BYE, and seals nothing ahead there (§4, case 33)", () => {
    const { sender, outbox } = senderAt(LAST_SEQ);
    expectCode(() => sender.transmit(FrameType.DATA, NOTHING, 0), "SEQ_EXHAUSTED");
    expect(outbox.take()).to.deep.equal([]);
    sender.transmit(FrameType.BYE, NOTHING, 0);
    expect(outbox.take()).to.have.lengthOf(1);
    expect(sender.wantsNext).to.equal(false);
  });
});
