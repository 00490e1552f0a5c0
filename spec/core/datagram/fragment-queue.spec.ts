import { expect } from "chai";
import { concat } from "../../../lib/core/wire/bytes.js";
import { FragmentQueue } from "../../../lib/core/datagram/fragment-queue.js";
import { FrameType } from "../../../lib/core/wire/wire.js";
import { counted, NOTHING, utf8 } from "../../support/core-bytes.js";

function drain(queue: FragmentQueue): { readonly type: number; readonly length: number }[] {
  const taken = [];
  for (let next = queue.take(); next !== null; next = queue.take())
    taken.push({ type: next.type, length: next.plaintext.length });
  return taken;
}

describe("FragmentQueue", () => {
  for (const [length, lengths] of [
    [0, [0]],
    [1, [1]],
    [452, [452]],
    [453, [452, 1]],
    [904, [452, 452]],
    [1808, [452, 452, 452, 452]],
  ] as const) {
    it(`gives a message of ${length} bytes out in ${lengths.length}: all but the last as DATA_FRAG (§4)`, () => {
      const queue = new FragmentQueue();
      queue.push(new Uint8Array(length));
      const last = lengths.length - 1;
      expect(drain(queue)).to.deep.equal(
        lengths.map((each, index) => ({
          type: index === last ? FrameType.DATA : FrameType.DATA_FRAG,
          length: each,
        })),
      );
    });
  }

  it("returns copies of what was pushed, in order", () => {
    const queue = new FragmentQueue();
    const message = counted(1_000);
    queue.push(message);
    queue.push(utf8("b"));
    message.fill(0);
    const parts = [queue.take()!.plaintext, queue.take()!.plaintext, queue.take()!.plaintext];
    expect(concat(...parts)).to.deep.equal(counted(1_000));
    expect(queue.take()!.plaintext).to.deep.equal(utf8("b"));
    expect(queue.take()).to.equal(null);
  });

  it("shows whether a message has begun, and how much is left", () => {
    const queue = new FragmentQueue();
    expect(queue.isWithinMessage).to.equal(false);
    queue.push(counted(500));
    queue.push(NOTHING);
    expect(queue.waitingBytes).to.equal(500);
    queue.take();
    expect(queue.isWithinMessage).to.equal(true);
    expect(queue.waitingBytes).to.equal(48);
    queue.take();
    expect(queue.isWithinMessage).to.equal(false);
    queue.take();
    expect(queue.waitingBytes).to.equal(0);
  });
});
