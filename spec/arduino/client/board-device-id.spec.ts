import { expect } from "chai";
import { deviceIdOf } from "../../../lib/arduino/client/board-device-id.js";
import { createPcBoard } from "../../../lib/arduino/board/pc-board.js";
import type { Board } from "../../../lib/arduino/board/board.js";

describe("deviceIdOf", () => {
  it("is the board's own", () => {
    const board = { deviceId: "24:0a:c4:01:02:03" } as unknown as Board;
    expect(deviceIdOf(board)).to.equal("24:0a:c4:01:02:03");
  });

  it("is a random one that stays where the board has none, marked as nobody's", () => {
    const [one, other] = [createPcBoard(), createPcBoard()];
    expect(deviceIdOf(one)).to.match(/^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/);
    expect(deviceIdOf(one)).to.equal(deviceIdOf(one));
    expect(deviceIdOf(one)).to.not.equal(deviceIdOf(other));
  });
});
