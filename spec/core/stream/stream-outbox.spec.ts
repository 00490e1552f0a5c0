import { expect } from "chai";
import { concat } from "../../../lib/core/wire/bytes.js";
import { StreamOutbox } from "../../../lib/core/stream/stream-outbox.js";
import { counted, filled } from "../../support/core-bytes.js";

function append(outbox: StreamOutbox, bytes: Uint8Array): void {
  const room = outbox.reserve(bytes.length);
  room.bytes.set(bytes, room.offset);
}

describe("StreamOutbox", () => {
  it("is empty at first", () => {
    const outbox = new StreamOutbox();
    expect(outbox.length).to.equal(0);
    expect(outbox.take()).to.deep.equal([]);
  });

  it("returns what was written, in order, and is empty then", () => {
    const outbox = new StreamOutbox();
    append(outbox, counted(10));
    append(outbox, counted(5, 50));
    expect(outbox.length).to.equal(15);
    expect(outbox.take()).to.deep.equal([concat(counted(10), counted(5, 50))]);
    expect(outbox.length).to.equal(0);
    expect(outbox.take()).to.deep.equal([]);
  });

  it("takes back the room of a frame that was not built", () => {
    const outbox = new StreamOutbox();
    append(outbox, counted(10));
    outbox.reserve(2_000);
    outbox.giveBack(2_000);
    append(outbox, counted(5, 50));
    expect([outbox.length, outbox.total, outbox.frames]).to.deep.equal([15, 15, 2]);
    expect(concat(...outbox.take())).to.deep.equal(concat(counted(10), counted(5, 50)));
  });

  it("puts a burst into few pieces", () => {
    const outbox = new StreamOutbox();
    const frames = Array.from({ length: 1000 }, (_, index) => filled(492, index & 0xff));
    for (const frame of frames) append(outbox, frame);
    expect(outbox.length).to.equal(492_000);
    const pieces = outbox.take();
    expect(pieces.length).to.be.lessThan(16);
    expect(concat(...pieces)).to.deep.equal(concat(...frames));
  });

  it("puts a burst into one piece if the last one was about as long", () => {
    const outbox = new StreamOutbox();
    const pieces = [67, 67, 70, 1, 67].map((frames) => {
      for (let index = 0; index < frames; index++) append(outbox, filled(492, index));
      return outbox.take().length;
    });
    expect(pieces.slice(1, 4)).to.deep.equal([1, 1, 1]);
    expect(pieces[4]).to.be.greaterThan(1);
  });

  it("cuts no reservation in two", () => {
    const outbox = new StreamOutbox();
    for (let index = 0; index < 5; index++) append(outbox, filled(492, index));
    for (const piece of outbox.take()) expect(piece.length % 492).to.equal(0);
  });

  it("has room for more than its largest piece", () => {
    const outbox = new StreamOutbox();
    append(outbox, filled(100_000, 7));
    append(outbox, filled(100_000, 8));
    expect(concat(...outbox.take())).to.deep.equal(concat(filled(100_000, 7), filled(100_000, 8)));
  });

  it("keeps no large buffer alive for a lone frame", () => {
    const outbox = new StreamOutbox();
    append(outbox, filled(72, 1));
    const [lone] = outbox.take();
    expect(lone).to.deep.equal(filled(72, 1));
    expect(lone!.buffer.byteLength).to.equal(72);
  });

  it("never writes again to a piece that was taken", () => {
    const outbox = new StreamOutbox();
    append(outbox, filled(10, 1));
    const [taken] = outbox.take();
    append(outbox, filled(10, 2));
    expect(taken).to.deep.equal(filled(10, 1));
    const [later] = outbox.take();
    expect(later!.buffer).not.to.equal(taken!.buffer);
  });
});
