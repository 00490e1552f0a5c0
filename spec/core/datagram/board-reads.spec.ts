import { expect } from "chai";
import { BoardReads } from "../../../lib/core/datagram/board-reads.js";
import { talkToBoard, type BoardPath } from "../../support/board-path.js";

const SEEDS = [1, 2, 3, 4, 5];

function deaths(path: Omit<BoardPath, "seed">): number {
  return SEEDS.reduce((sum, seed) => sum + talkToBoard({ ...path, seed }).deaths, 0);
}

describe("BoardReads", () => {
  it("lets a fragmented message start at once, or after the reads that a copy began", () => {
    const reads = new BoardReads();
    expect(reads.allowStart(0)).to.equal(true);
    reads.repeated(1_000);
    expect([1_000, 1_100, 1_101, 1_599, 1_600].map((at) => reads.allowStart(at))).to.deep.equal([
      true,
      true,
      false,
      false,
      true,
    ]);
    expect(reads.over).to.equal(1_600);
  });
});

describe(`messages of 1808 bytes to a board that gives each 10 reads of 50 ms, over 20 s, seeds ${SEEDS.join(", ")}`, () => {
  for (const roundTripMs of [2, 20]) {
    for (const loss of [0.02, 0.05, 0.1]) {
      it(`case 83: lose no session with ${loss * 100} % loss and a round trip of ${roundTripMs} ms`, () => {
        expect(deaths({ loss, roundTripMs })).to.equal(0);
      });
    }
  }

  for (const [loss, roundTripMs, most] of [
    [0.2, 2, 3],
    [0.2, 20, 3],
    [0.02, 100, 2],
    [0.05, 100, 3],
    [0.1, 100, 7],
    [0.2, 100, 12],
  ] as const) {
    it(`case 83: lose at most ${most} sessions in 20 s with ${loss * 100} % loss and a round trip of ${roundTripMs} ms`, () => {
      expect(deaths({ loss, roundTripMs }) / SEEDS.length).to.be.at.most(most);
    });
  }

  it("cannot arrive over a long round trip, without any loss; 452 bytes always do (docs/udp.md)", () => {
    const messages = (bytes: number, roundTripMs: number): number =>
      talkToBoard({ loss: 0, seed: 1, bytes, roundTripMs }).messages;
    expect([messages(1808, 180), messages(1356, 300)]).to.deep.equal([0, 0]);
    for (const [bytes, roundTripMs] of [
      [1808, 100],
      [1356, 180],
      [904, 300],
      [452, 300],
    ] as const)
      expect(messages(bytes, roundTripMs), `${bytes} bytes at ${roundTripMs} ms`).to.be.at.least(20);
  });
});
