import { expect } from "chai";
import { currentBoard, delayCurrent } from "../../../lib/arduino/board/current-board.js";
import { VirtualBoard } from "../../../lib/testing/index.js";

const COPY = "../../../lib/arduino/board/current-board.js?copy";

describe("arduino/board/current-board", () => {
  it("is the board of the sketch that runs, through its promises and timers", async () => {
    const seen: unknown[] = [];
    const boards = [
      new VirtualBoard({ deviceId: "02:00:00:00:00:0a" }),
      new VirtualBoard({ deviceId: "02:00:00:00:00:0b" }),
    ];
    for (const board of boards) {
      await board.start({
        async setup() {
          seen.push(currentBoard().deviceId);
          await delayCurrent(1, "delay(1)");
          seen.push(currentBoard().deviceId);
          await Promise.resolve();
          seen.push(currentBoard().deviceId);
        },
      });
    }
    for (const board of boards.reverse()) await board.advance(1);
    expect(seen.map((id) => String(id).slice(-1)).join("")).to.equal("abbbaa");
  });

  it("is this computer, always the same one, outside of any sketch", () => {
    expect(currentBoard()).to.equal(currentBoard());
    expect(currentBoard().network).to.equal(null);
  });

  it("is found by another copy of this library, too", async () => {
    const copy = (await import(COPY)) as { readonly currentBoard: typeof currentBoard };
    expect(copy.currentBoard).not.to.equal(currentBoard);
    let seen: string | null = null;
    const board = new VirtualBoard({ deviceId: "02:00:00:00:00:0c" });
    await board.start({ setup: () => void (seen = copy.currentBoard().deviceId) });
    expect(seen).to.equal("02:00:00:00:00:0c");
  });

  it("refuses what only a sketch can do, outside of one", async () => {
    const board = currentBoard();
    expect(() => board.restart()).to.throw("ESP.restart() ends the life of a sketch, and none runs here");
    expect(() => board.fail("a callback", new Error("its own"))).to.throw("its own");
    expect(await board.waitFor(Promise.resolve(1), "a number")).to.equal(1);
    board.own({ drop: () => {}, close: async () => {} })();
    board.networkEvent();
  });
});
