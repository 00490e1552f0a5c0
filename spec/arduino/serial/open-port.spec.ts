import { expect } from "chai";

import { OpenPort } from "../../../lib/arduino/serial/open-port.js";
import { readText } from "../../../lib/arduino/serial/timed-reading.js";
import { createBoard } from "../board-with-port.js";

describe("OpenPort", () => {
  it("waits for a byte, and leaves neither timer nor listener behind", async () => {
    const { board, clock, port, listeners } = createBoard();
    const open = new OpenPort(board, port, { timeoutMs: 50 });
    const arrival = open.arrival();
    expect([listeners(), clock.pending]).to.deep.equal([1, 1]);
    port.type("x");
    expect(await arrival).to.equal(true);
    expect([listeners(), clock.pending]).to.deep.equal([0, 0]);
  });

  it("waits no longer than it is told at that time", async () => {
    const { board, clock, port, listeners } = createBoard();
    const settings = { timeoutMs: 50 };
    const open = new OpenPort(board, port, settings);
    settings.timeoutMs = 20;
    const arrival = open.arrival();
    await clock.advance(20);
    expect(await arrival).to.equal(false);
    expect([listeners(), clock.pending]).to.deep.equal([0, 0]);
  });

  it("lets a fake clock know that the sketch goes on", async () => {
    const { board, clock, port } = createBoard();
    const steps: number[] = [];
    const open = new OpenPort(board, port, { timeoutMs: 1_000 });
    void readText(open, "\n").then(() => steps.push(clock.now()));
    // Of the sketch's own kind, behind which a fake clock lets no more than a step through by itself.
    clock.afterForSketch(10, () => port.type("x\n"));
    clock.afterForSketch(20, () => {});
    await clock.advance(30);
    expect(steps).to.deep.equal([10]);
  });

  it("calls one receiver at a time, and none once it is closed", () => {
    const { board, port, listeners } = createBoard();
    const open = new OpenPort(board, port, { timeoutMs: 50 });
    const calls: string[] = [];
    open.onReceive(() => calls.push("one"), "receiver");
    port.type("a");
    open.onReceive(() => calls.push("two"), "receiver");
    port.type("b");
    open.close();
    port.type("c");
    expect(calls).to.deep.equal(["one", "two"]);
    expect(listeners()).to.equal(0);
  });

  it("throws on what a receiver throws where no sketch runs", () => {
    const { board, port } = createBoard();
    new OpenPort(board, port, { timeoutMs: 50 }).onReceive(() => {
      throw new Error("bad command");
    }, "receiver");
    expect(() => port.type("x")).to.throw("bad command");
  });
});
