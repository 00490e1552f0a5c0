import { expect } from "chai";
import { currentBoard } from "../../lib/arduino/board/current-board.js";
import { delay, rtcData } from "../../lib/arduino/index.js";
import { VirtualBoard } from "../../lib/testing/index.js";
import { rejection } from "./rejection.js";

describe("arduino/rtc-data", () => {
  const seen: number[] = [];
  const countBoots = (then: () => void) => () => {
    const kept = rtcData("kept", { boots: 0, list: [0] });
    return {
      setup() {
        kept.boots++;
        kept.list.push(kept.boots);
        seen.push(kept.boots, kept.list.length);
      },
      async loop() {
        await delay(10);
        then();
      },
    };
  };
  beforeEach(() => (seen.length = 0));

  it("is kept through deep sleep", async () => {
    const board = new VirtualBoard();
    await board.start(countBoots(() => currentBoard().deepSleep({ afterUs: 1_000_000 })));
    await board.advance(2_500);
    expect(seen).to.deep.equal([1, 2, 2, 3, 3, 4]);
  });

  it("starts afresh with a restart, and with the power", async () => {
    const board = new VirtualBoard();
    await board.start(countBoots(() => currentBoard().restart()));
    await board.advance(15);
    board.cutPower();
    await board.start(countBoots(() => {}));
    expect(seen).to.deep.equal([1, 2, 1, 2, 1, 2]);
  });

  it("tells a sketch that puts more than plain data into it, before it sleeps", async () => {
    const board = new VirtualBoard();
    const error = await rejection(
      board.start({
        setup() {
          rtcData<Record<string, unknown>>("kept", {})["callback"] = () => {};
          currentBoard().deepSleep({ afterUs: 1_000 });
        },
      }),
    );
    expect(error.message)
      .to.match(/could not be cloned/)
      .and.to.match(/rtc-data\.spec/);
  });

  it("is one object for one name within a life", async () => {
    let same = false;
    const initial = { n: 1 };
    await new VirtualBoard().start({
      setup() {
        const one = rtcData("a", initial);
        same = one === rtcData("a", { n: 2 }) && one !== rtcData("b", initial) && one.n === 1;
      },
    });
    expect(same).to.equal(true);
  });
});
