import { expect } from "chai";
import { Fifo } from "../../lib/core/fifo.js";

describe("Fifo", () => {
  it("returns items in the order in which they were pushed", () => {
    const fifo = new Fifo<string>();
    fifo.push("a");
    fifo.push("b");
    expect([fifo.first, fifo.shift(), fifo.first, fifo.shift(), fifo.first, fifo.shift()]).to.deep.equal([
      "a",
      "a",
      "b",
      "b",
      undefined,
      undefined,
    ]);
  });

  it("keeps order and length through many rounds of filling and emptying", () => {
    const fifo = new Fifo<number>();
    let pushed = 0;
    let shifted = 0;
    for (let round = 0; round < 50; round++) {
      for (let pushes = 0; pushes < 100 + round * 7; pushes++) fifo.push(pushed++);
      for (let shifts = 0; shifts < 90 + round * 6; shifts++) expect(fifo.shift()).to.equal(shifted++);
      expect(fifo.length).to.equal(pushed - shifted);
    }
    expect(fifo.takeAll()).to.deep.equal(Array.from({ length: pushed - shifted }, (_, index) => shifted + index));
  });

  it("is empty after all were taken, and can be filled again", () => {
    const fifo = new Fifo<string>();
    fifo.push("a");
    expect(fifo.takeAll()).to.deep.equal(["a"]);
    expect([fifo.length, fifo.shift(), fifo.takeAll()]).to.deep.equal([0, undefined, []]);
    fifo.push("b");
    expect(fifo.shift()).to.equal("b");
  });

  it("lets one be taken out of the middle, and keeps the order of the others", () => {
    const fifo = new Fifo<string>();
    for (const item of ["a", "b", "c"]) fifo.push(item);
    expect([fifo.shift(), fifo.remove("a"), fifo.remove("c"), fifo.length]).to.deep.equal(["a", false, true, 1]);
    fifo.push("d");
    expect(fifo.takeAll()).to.deep.equal(["b", "d"]);
  });
});
