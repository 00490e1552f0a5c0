import { expect } from "chai";
import { LinkWriter } from "../../lib/session/link-writer.js";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { counted } from "../support/core-bytes.js";
import { ScriptedLink } from "../support/session-link.js";

describe("LinkWriter", () => {
  let link: ScriptedLink;
  let clock: VirtualClock;
  let flushes: number;

  beforeEach(() => {
    link = new ScriptedLink();
    clock = new VirtualClock(1_000);
    flushes = 0;
  });

  function writer(slowTimeoutMs?: number): LinkWriter {
    return new LinkWriter({ link, clock, ...(slowTimeoutMs === undefined ? {} : { slowTimeoutMs }) }, () => flushes++);
  }

  it("counts what was handed over, and what was passed on", () => {
    const bytes = writer();
    bytes.write(counted(10));
    bytes.write(counted(5));
    expect([bytes.written, bytes.flushed, flushes]).to.deep.equal([15, 0, 0]);
    link.flush(1);
    expect([bytes.written, bytes.flushed, flushes]).to.deep.equal([15, 10, 1]);
    link.flush();
    expect([bytes.written, bytes.flushed, flushes]).to.deep.equal([15, 15, 2]);
  });

  it("finds nobody slow where nothing waits", () => {
    const bytes = writer(30_000);
    expect(bytes.slowAt).to.equal(Infinity);
    bytes.write(counted(10));
    link.flush();
    expect(bytes.slowAt).to.equal(Infinity);
  });

  it("begins to wait with the first bytes; more of them change nothing", () => {
    const bytes = writer(30_000);
    bytes.write(counted(10));
    expect(bytes.slowAt).to.equal(31_000);
    clock.jump(20_000);
    bytes.write(counted(10));
    expect(bytes.slowAt).to.equal(31_000);
  });

  it("waits as long again whenever anything was passed on", () => {
    const bytes = writer(30_000);
    for (let at = 0; at < 3; at++) bytes.write(counted(10));
    clock.jump(29_000);
    link.flush(1);
    expect(bytes.slowAt).to.equal(60_000);
    clock.jump(29_000);
    link.flush(1);
    expect(bytes.slowAt).to.equal(89_000);
    link.flush(1);
    expect(bytes.slowAt).to.equal(Infinity);
  });

  it("begins anew after all was passed on", () => {
    const bytes = writer(30_000);
    bytes.write(counted(10));
    link.flush();
    clock.jump(500_000);
    bytes.write(counted(10));
    expect(bytes.slowAt).to.equal(531_000);
  });

  for (const off of [0, undefined]) {
    it(`finds nobody slow where its time is ${off}`, () => {
      const bytes = writer(off);
      bytes.write(counted(10));
      bytes.write(counted(10));
      link.flush(1);
      expect(bytes.slowAt).to.equal(Infinity);
    });
  }

  it("says SLOW, how much waits and how long it did", () => {
    const bytes = writer(30_000);
    bytes.write(counted(10));
    bytes.write(counted(7));
    link.flush(1);
    const { code, message } = bytes.tooSlow();
    expect(code).to.equal("SLOW");
    expect(message).to.match(/nothing of 7 bytes for 30000 ms/);
  });
});
