import { expect } from "chai";
import { random, randomSeed } from "../../lib/arduino/index.js";
import { VirtualBoard } from "../../lib/testing/index.js";

async function draw(setup: () => number[], seed = 1): Promise<number[]> {
  const drawn: number[] = [];
  await new VirtualBoard({ seed }).start({ setup: () => void drawn.push(...setup()) });
  return drawn;
}

const many = (next: () => number): number[] => Array.from({ length: 400 }, next);

describe("arduino/random-numbers", () => {
  it("gives every integer from the lower bound up to, but not including, the upper one", async () => {
    expect(new Set(await draw(() => many(() => random(4))))).to.have.keys([0, 1, 2, 3]);
    expect(new Set(await draw(() => many(() => random(-2, 2))))).to.have.keys([-2, -1, 0, 1]);
    expect(new Set(await draw(() => many(() => random(1.9, 3.9))))).to.have.keys([1, 2]);
  });

  it("gives the lower bound where nothing is between", async () => {
    expect(await draw(() => [random(0), random(-5), random(7, 7), random(7, 3)])).to.deep.equal([0, 0, 7, 7]);
  });

  it("repeats for a seed of the sketch, whatever the board's noise", async () => {
    const seeded = (seed: number) => () => {
      randomSeed(seed);
      return many(() => random(1_000));
    };
    expect(await draw(seeded(42), 1)).to.deep.equal(await draw(seeded(42), 2));
    expect(await draw(seeded(42))).not.to.deep.equal(await draw(seeded(43)));
    expect(await draw(seeded(0), 1)).not.to.deep.equal(await draw(seeded(0), 2));
  });

  it("forgets the sketch's seed when its life ends", async () => {
    const drawInNextLife = async (seed: number): Promise<number[]> => {
      const board = new VirtualBoard({ seed });
      await board.start({ setup: () => randomSeed(42) });
      board.cutPower();
      const drawn: number[] = [];
      await board.start({ setup: () => void drawn.push(...many(() => random(1_000))) });
      return drawn;
    };
    expect(await drawInNextLife(1)).not.to.deep.equal(await drawInNextLife(2));
  });

  it("repeats for a seed of the board", async () => {
    const unseeded = () => many(() => random(1_000));
    expect(await draw(unseeded, 5)).to.deep.equal(await draw(unseeded, 5));
    expect(await draw(unseeded, 5)).not.to.deep.equal(await draw(unseeded, 6));
  });
});
