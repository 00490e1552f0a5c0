import { expect } from "chai";
import fc from "fast-check";
import { REPLAY_WINDOW_LENGTH, ReplayWindow, type ReplayVerdict } from "../../../lib/core/datagram/replay-window.js";

/** The window as one would write it without bits. */
class Model {
  readonly #taken = new Set<number>();
  #newest = -1;

  judge(seq: number): ReplayVerdict {
    if (seq + REPLAY_WINDOW_LENGTH <= this.#newest) return "old";
    return this.#taken.has(seq) ? "seen" : "new";
  }

  mark(seq: number): void {
    this.#taken.add(seq);
    this.#newest = Math.max(this.#newest, seq);
  }
}

function windowOf(...seqs: readonly number[]): ReplayWindow {
  const window = new ReplayWindow();
  for (const seq of seqs) window.mark(seq);
  return window;
}

describe("ReplayWindow", () => {
  it("takes any number for new at first, and changes nothing by judging", () => {
    const window = new ReplayWindow();
    for (const seq of [0, 1, 63, 64, 2 ** 31, 2 ** 32 - 1]) expect(window.judge(seq), `${seq}`).to.equal("new");
    for (let again = 0; again < 2; again++) expect(window.judge(7)).to.equal("new");
  });

  it("tells 63 behind the newest apart, and 64 behind no more (§5)", () => {
    const window = windowOf(100);
    expect(window.judge(100)).to.equal("seen");
    expect(window.judge(37)).to.equal("new");
    expect(window.judge(36)).to.equal("old");
    window.mark(37);
    expect(window.judge(37)).to.equal("seen");
  });

  for (const by of [1, 31, 32, 33, 63, 64, 65, 2 ** 31]) {
    it(`remembers what it should after a step of ${by}`, () => {
      const window = windowOf(1_000, 1_000 + by);
      expect(window.judge(1_000)).to.equal(by < REPLAY_WINDOW_LENGTH ? "seen" : "old");
      expect(window.judge(1_000 + by)).to.equal("seen");
      expect(window.judge(1_000 + by - 1)).to.equal(by === 1 ? "seen" : "new");
    });
  }

  it("reaches the last number there is", () => {
    const window = windowOf(2 ** 32 - 2, 2 ** 32 - 1);
    expect(window.judge(2 ** 32 - 1)).to.equal("seen");
    expect(window.judge(2 ** 32 - 2)).to.equal("seen");
    expect(window.judge(2 ** 32 - 64)).to.equal("new");
    expect(window.judge(2 ** 32 - 65)).to.equal("old");
  });

  it("judges like a set of numbers, for any numbers in any order", () => {
    const seqs = fc.array(fc.oneof(fc.nat(200), fc.integer({ min: 2 ** 31 - 70, max: 2 ** 31 + 70 })), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(seqs, (all) => {
        const window = new ReplayWindow();
        const model = new Model();
        for (const seq of all) {
          const verdict = model.judge(seq);
          expect(window.judge(seq)).to.equal(verdict);
          if (verdict !== "new") continue;
          window.mark(seq);
          model.mark(seq);
        }
      }),
    );
  });
});
