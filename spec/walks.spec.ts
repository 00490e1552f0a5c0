/** `npx tsx scripts/walks.ts --trace` prints the frames. */
import { expect } from "chai";
import { FRAME_LIMITS, measureWalks, type Walk } from "./support/walks.js";

describe("The library's own stack frames", () => {
  let walks: readonly Walk[];

  before(async () => {
    walks = await measureWalks();
  });

  for (const [name, limit] of Object.entries(FRAME_LIMITS)) {
    it(`number at most ${limit}: ${name}`, () => {
      const frames = walks.find((walk) => walk.name === name)?.frames ?? [];
      expect(frames).not.to.deep.equal([]);
      expect(frames, `\n${frames.join("\n")}\n`).to.have.lengthOf.at.most(limit);
    });
  }

  it("number at most 2 within the emitter, on the way to a callback", () => {
    for (const { name, frames } of walks) {
      const inEmitter = frames.slice(
        0,
        frames.findIndex((frame) => !frame.includes("emitter")),
      );
      expect(inEmitter, name).to.have.lengthOf.at.most(2);
    }
  });
});
