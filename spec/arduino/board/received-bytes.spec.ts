import { expect } from "chai";

import { ReceivedBytes } from "../../../lib/arduino/board/received-bytes.js";

function drain(received: ReceivedBytes): number[] {
  const bytes: number[] = [];
  while (received.available > 0) bytes.push(received.read());
  return bytes;
}

describe("ReceivedBytes", () => {
  it("gives bytes in the order in which they came", () => {
    const received = new ReceivedBytes();
    received.add(Uint8Array.of(1, 2));
    received.add(Uint8Array.of(3));
    expect([received.available, received.peek(), received.peek()]).to.deep.equal([3, 1, 1]);
    expect(drain(received)).to.deep.equal([1, 2, 3]);
    expect([received.read(), received.peek()]).to.deep.equal([-1, -1]);
  });

  it("has room for 256 bytes, and says how many it took", () => {
    const received = new ReceivedBytes();
    expect(received.add(new Uint8Array(200))).to.equal(200);
    expect(received.add(new Uint8Array(100).fill(7))).to.equal(56);
    expect(received.available).to.equal(256);
    expect(received.add(Uint8Array.of(1))).to.equal(0);
  });

  it("goes round its end", () => {
    const received = new ReceivedBytes();
    received.add(new Uint8Array(250));
    for (let count = 0; count < 250; count++) received.read();
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    expect(received.add(bytes)).to.equal(256);
    expect(drain(received)).to.deep.equal([...bytes]);
  });

  it("keeps the oldest bytes where it is made smaller, and what is in it where it is made larger", () => {
    const received = new ReceivedBytes();
    received.add(Uint8Array.of(1, 2, 3));
    received.resize(2);
    expect([received.add(Uint8Array.of(9)), ...drain(received)]).to.deep.equal([0, 1, 2]);
    received.add(Uint8Array.of(4));
    received.resize(1_000);
    expect(received.add(new Uint8Array(2_000))).to.equal(999);
    expect(received.peek()).to.equal(4);
  });

  it("tells of every arrival until it is not asked to any more", () => {
    const received = new ReceivedBytes();
    let calls = 0;
    const stop = received.onArrival(() => calls++);
    received.add(Uint8Array.of(1));
    received.add(new Uint8Array());
    received.add(Uint8Array.of(2));
    stop();
    received.add(Uint8Array.of(3));
    expect(calls).to.equal(2);
  });
});
