import { expect } from "chai";

import {
  analogRead,
  analogReadMilliVolts,
  analogReadResolution,
  digitalRead,
  digitalWrite,
  ESP32_C3_PINS,
  ESP32_C6_PINS,
  ESP32_PINS,
  ESP32_S2_PINS,
  ESP32_S3_PINS,
  ESP8266_PINS,
  HIGH,
  INPUT_PULLUP,
  OUTPUT,
  pinMode,
  type PinLayout,
  runSketch,
} from "../../../lib/arduino/index.js";
import * as constants from "../../../lib/arduino/constants.js";
import { VirtualBoard } from "../../../lib/testing/index.js";
import { rejection } from "../rejection.js";

const LAYOUTS: readonly PinLayout[] = [
  ESP32_PINS,
  ESP32_S2_PINS,
  ESP32_S3_PINS,
  ESP32_C3_PINS,
  ESP32_C6_PINS,
  ESP8266_PINS,
];

async function run(pins: PinLayout, setup: () => void): Promise<VirtualBoard> {
  const board = new VirtualBoard({ pins });
  await board.start({ setup });
  return board;
}

const refusal = async (pins: PinLayout, setup: () => void): Promise<string> =>
  (await rejection(run(pins, setup))).message;

describe("pin layouts", () => {
  for (const layout of LAYOUTS) {
    describe(layout.board, () => {
      it("has each pin once, and none that leads to its flash chip", () => {
        expect(new Set(layout.pins)).to.have.property("size", layout.pins.length);
        for (const pin of layout.flash) expect(layout.pins).to.not.include(pin);
      });

      it("names pins that it has", () => {
        expect(layout.pins).to.include.members(Object.values(layout.names));
        expect(layout.pins).to.include.members([...layout.inputOnly, ...layout.analog]);
        expect(layout.analog).to.include(layout.names["A0"]);
      });

      it("is what a virtual board has: each pin is read, written where it can be, and measured where it can be", async () => {
        const board = await run(layout, () => {
          for (const pin of layout.pins) {
            pinMode(pin, INPUT_PULLUP);
            expect(digitalRead(pin)).to.equal(HIGH);
            if (layout.inputOnly.includes(pin)) continue;
            pinMode(pin, OUTPUT);
            digitalWrite(pin, HIGH);
          }
          for (const pin of layout.analog) analogRead(pin);
        });
        for (const pin of layout.pins) expect(board.output(pin)).to.equal(layout.inputOnly.includes(pin) ? null : HIGH);
      });

      it("refuses pins that are read only as outputs, those of the flash chip, and those that do not exist", async () => {
        for (const pin of layout.inputOnly) {
          expect(await refusal(layout, () => pinMode(pin, OUTPUT))).to.include(`pin ${pin} can only be an input`);
        }
        for (const pin of layout.flash) {
          const told = `pin ${pin} belongs to the flash chip of an ${layout.board}`;
          expect(await refusal(layout, () => pinMode(pin, OUTPUT))).to.include(told);
        }
        expect(await refusal(layout, () => digitalRead(200))).to.include(
          `pin 200 does not exist on an ${layout.board}`,
        );
      });

      it("reads the supply's voltage as the highest number of its converter", async () => {
        const seen: number[] = [];
        const board = new VirtualBoard({ pins: layout });
        const [pin] = layout.analog as [number];
        board.setAnalog(pin, 2 ** 16);
        await board.start({
          setup: () => {
            seen.push(analogRead(pin), analogReadMilliVolts(pin));
            analogReadResolution(8);
            seen.push(analogRead(pin));
          },
        });
        expect(seen).to.deep.equal([2 ** layout.analogBits - 1, 3_300, 255]);
      });
    });
  }

  it("has the button BOOT of a C3 and a C6 at 9, which an ESP32 needs for its flash chip", async () => {
    for (const pins of [ESP32_C3_PINS, ESP32_C6_PINS]) {
      const seen: number[] = [];
      const board = new VirtualBoard({ pins });
      await board.start({ setup: () => pinMode(9, INPUT_PULLUP), loop: () => seen.push(digitalRead(9)) });
      await board.advance(10);
      await board.press(9, { holdMs: 50 });
      expect(seen).to.include.members([0, 1]);
    }
    const told = await refusal(ESP32_PINS, () => pinMode(9, INPUT_PULLUP));
    expect(told).to.include("if the sketch is for another board, name its layout, as in { pins: ESP32_C3_PINS }");
  });

  it("reads 13 bits on an S2, 10 on an ESP8266, and 12 elsewhere", () => {
    expect(LAYOUTS.map(({ analogBits }) => analogBits)).to.deep.equal([12, 13, 12, 12, 12, 10]);
  });

  it("names the pins of an ESP32 as the constants of a sketch do", () => {
    const named = Object.entries(constants).filter(([name]) => /^A\d+$|^LED_BUILTIN$/.test(name));
    expect(named).to.have.length.above(10);
    for (const [name, pin] of named) expect(ESP32_PINS.names).to.have.property(name, pin);
  });

  it("is what a sketch on a PC has, where runSketch is told so", async () => {
    const stop = new AbortController();
    const seen: number[] = [];
    const setup = (): void => {
      pinMode(9, INPUT_PULLUP);
      seen.push(digitalRead(9));
      stop.abort();
    };
    await runSketch({ setup }, { pins: ESP32_C3_PINS, signal: stop.signal });
    expect(seen).to.deep.equal([HIGH]);
  });
});
