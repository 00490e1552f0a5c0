import { expect } from "chai";
import { LeavableIterator } from "../../lib/session/leavable-iterator.js";
import { isPending, rejectionOf, soon } from "../support/session-waits.js";
import { UsmpError } from "../../lib/errors.js";

const DONE = { value: undefined, done: true };

/** An iterator on values that are pushed by hand. */
function rig() {
  let lefts = 0;
  const waiting: ((value: string | null) => void)[] = [];
  const iterator = new LeavableIterator<string>({
    pull: () => new Promise((resolve) => waiting.push(resolve)),
    leave: () => {
      lefts++;
      for (const resolve of waiting) resolve(null);
    },
  });
  return { iterator, push: (value: string | null): void => waiting.shift()?.(value), left: () => lefts };
}

describe("LeavableIterator", () => {
  it("gives what is pulled, until that is null, and then nothing more", async () => {
    const { iterator, push, left } = rig();
    const first = iterator.next();
    push("a");
    expect(await first).to.deep.equal({ value: "a", done: false });
    const second = iterator.next();
    push(null);
    expect([await second, await iterator.next(), left()]).to.deep.equal([DONE, DONE, 1]);
  });

  it("return() settles at once while several next() wait, which give nothing", async () => {
    const { iterator, left } = rig();
    const waiting = [iterator.next(), iterator.next()];
    expect(await soon(iterator.return(), "return()")).to.deep.equal(DONE);
    expect(await soon(Promise.all(waiting), "next()")).to.deep.equal([DONE, DONE]);
    expect([await iterator.next(), await iterator.return(), left()]).to.deep.equal([DONE, DONE, 1]);
  });

  it("throw() does the same, and rejects with what it was given", async () => {
    const { iterator, left } = rig();
    const waiting = iterator.next();
    const error = new UsmpError("CLOSED", "spec");
    expect(await rejectionOf(iterator.throw(error), "CLOSED")).to.equal(error);
    expect([await soon(waiting, "next()"), left()]).to.deep.equal([DONE, 1]);
  });

  it("keeps a value that came before return()", async () => {
    const { iterator, push } = rig();
    const waiting = iterator.next();
    push("a");
    await iterator.return();
    expect(await waiting).to.deep.equal({ value: "a", done: false });
  });

  it("pulls nothing before the first next(), nor after it was left", async () => {
    let pulls = 0;
    const iterator = new LeavableIterator<string>({ pull: () => (pulls++, Promise.resolve("a")), leave: () => {} });
    expect(pulls).to.equal(0);
    await iterator.next();
    await iterator.return();
    await iterator.next();
    expect(pulls).to.equal(1);
  });

  it("is its own iterator, and is left by asyncDispose", async () => {
    const { iterator, left } = rig();
    expect(iterator[Symbol.asyncIterator]()).to.equal(iterator);
    const waiting = iterator.next();
    expect(await isPending(waiting)).to.equal(true);
    await iterator[Symbol.asyncDispose]();
    expect([await waiting, left()]).to.deep.equal([DONE, 1]);
  });
});
