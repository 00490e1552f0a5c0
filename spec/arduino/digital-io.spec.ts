import { expect } from "chai";
import {
  digitalRead,
  digitalWrite,
  HIGH,
  INPUT,
  INPUT_PULLDOWN,
  INPUT_PULLUP,
  LOW,
  LSBFIRST,
  MSBFIRST,
  OUTPUT,
  OUTPUT_OPEN_DRAIN,
  pinMode,
  shiftIn,
  shiftOut,
  SketchError,
} from "../../lib/arduino/index.js";
import { VirtualBoard } from "../../lib/testing/index.js";
import { rejection } from "./rejection.js";
import { EVEN } from "../support/even-time.js";

/** Runs `setup` on a new board, and gives that. */
async function boardAfter(setup: () => void, board = new VirtualBoard(EVEN)): Promise<VirtualBoard> {
  await board.start({ setup });
  return board;
}

describe("arduino/digital-io", () => {
  it("drives outputs, and tells every change with its time", async () => {
    const board = new VirtualBoard(EVEN);
    let level = LOW;
    await board.start({
      setup: () => pinMode(2, OUTPUT),
      loop() {
        digitalWrite(2, level);
        digitalWrite(4, HIGH); // no output: drives nothing
        level = 1 - level;
      },
    });
    await board.advance(2);
    expect(board.outputs(2)).to.deep.equal([
      { atMs: 0, value: LOW },
      { atMs: 1, value: HIGH },
      { atMs: 2, value: LOW },
    ]);
    expect(board.output(2)).to.equal(LOW);
    expect(board.output(4)).to.equal(null);
  });

  it("tells the changes of all pins in their order", async () => {
    const board = await boardAfter(() => {
      for (const pin of [2, 4]) pinMode(pin, OUTPUT);
      digitalWrite(4, HIGH);
      digitalWrite(2, HIGH);
      digitalWrite(2, HIGH);
      digitalWrite(4, LOW);
    });
    expect(board.outputs()).to.deep.equal([
      { pin: 4, atMs: 0, value: HIGH },
      { pin: 2, atMs: 0, value: HIGH },
      { pin: 4, atMs: 0, value: LOW },
    ]);
  });

  it("drives what was written before the pin became an output", async () => {
    const board = await boardAfter(() => {
      digitalWrite(2, HIGH);
      pinMode(2, OUTPUT);
    });
    expect(board.outputs(2)).to.deep.equal([{ atMs: 0, value: HIGH }]);
  });

  it("reads wiring before pulls, and pulls before noise", async () => {
    const board = new VirtualBoard(EVEN);
    board.setInput(16, LOW);
    board.setInput(17, HIGH);
    const seen: number[] = [];
    await boardAfter(() => {
      for (const [pin, mode] of [
        [16, INPUT_PULLUP],
        [17, INPUT_PULLDOWN],
        [18, INPUT_PULLUP],
        [19, INPUT_PULLDOWN],
      ] as const) {
        pinMode(pin, mode);
        seen.push(digitalRead(pin));
      }
    }, board);
    expect(seen).to.deep.equal([LOW, HIGH, HIGH, LOW]);
  });

  it("reads noise where nothing decides, the same for one seed", async () => {
    const read = async (seed: number): Promise<string> => {
      let levels = "";
      await boardAfter(
        () => {
          pinMode(4, INPUT);
          for (let i = 0; i < 64; i++) levels += String(digitalRead(4));
        },
        new VirtualBoard({ ...EVEN, seed }),
      );
      return levels;
    };
    expect(await read(7))
      .to.match(/01/)
      .and.to.match(/10/);
    expect(await read(7)).to.equal(await read(7));
    expect(await read(7)).not.to.equal(await read(8));
  });

  it("pulls an open drain to ground, or lets go", async () => {
    const seen: number[] = [];
    const board = new VirtualBoard(EVEN);
    board.setInput(4, HIGH);
    await boardAfter(() => {
      pinMode(4, OUTPUT_OPEN_DRAIN);
      digitalWrite(4, LOW);
      seen.push(digitalRead(4));
      digitalWrite(4, HIGH);
      seen.push(digitalRead(4));
    }, board);
    expect(seen).to.deep.equal([LOW, HIGH]);
    expect(board.output(4)).to.equal(null);
  });

  for (const [what, setup, message] of [
    ["a pin that does not exist", () => digitalWrite(99, HIGH), "pin 99 does not exist"],
    ["a pin of the flash chip", () => pinMode(6, OUTPUT), "pin 6 belongs to the flash chip of an ESP32"],
    ["an output on a pin that has none", () => pinMode(34, OUTPUT), "pin 34 can only be an input"],
    ["a mode that does not exist", () => pinMode(2, 17), "pinMode(2, 17): the mode must be"],
  ] as const) {
    it(`ends the sketch for ${what}`, async () => {
      const error = await rejection(boardAfter(setup));
      expect(error).to.be.instanceOf(SketchError);
      expect(error.message)
        .to.include(`setup(): ${message}`)
        .and.to.match(/digital-io\.spec\.[tj]s:\d+:\d+/);
    });
  }

  it("shifts a byte out in either order", async () => {
    const board = new VirtualBoard(EVEN);
    const bits: number[] = [];
    board.onOutput(18, (clock) => {
      if (clock === HIGH) bits.push(board.output(23) ?? -1);
    });
    await boardAfter(() => {
      pinMode(18, OUTPUT);
      pinMode(23, OUTPUT);
      shiftOut(23, 18, MSBFIRST, 0b1100_0101);
      shiftOut(23, 18, LSBFIRST, 0b1100_0101);
    }, board);
    expect(bits.join("")).to.equal("11000101" + "10100011");
  });

  it("shifts a byte in in either order", async () => {
    const board = new VirtualBoard(EVEN);
    const wire = Array.from("1100010111000101", (bit) => (bit === "1" ? HIGH : LOW));
    board.onOutput(18, (clock) => {
      if (clock === HIGH) board.setInput(19, wire.shift() ?? null);
    });
    const seen: number[] = [];
    await boardAfter(() => {
      pinMode(18, OUTPUT);
      seen.push(shiftIn(19, 18, MSBFIRST), shiftIn(19, 18, LSBFIRST));
    }, board);
    expect(seen).to.deep.equal([0b1100_0101, 0b1010_0011]);
  });
});
