import { expect } from "chai";
import {
  attachInterrupt,
  CHANGE,
  delay,
  detachInterrupt,
  digitalPinToInterrupt,
  digitalWrite,
  ESP,
  FALLING,
  HIGH,
  INPUT_PULLUP,
  interrupts,
  LOW,
  millis,
  noInterrupts,
  OUTPUT,
  pinMode,
  RISING,
} from "../../lib/arduino/index.js";
import { VirtualBoard } from "../../lib/testing/index.js";
import { rejection } from "./rejection.js";
import { EVEN } from "../support/even-time.js";

describe("arduino/interrupts", () => {
  it("runs a handler at the moment of its edge, while the sketch waits", async () => {
    const board = new VirtualBoard(EVEN);
    const seen: string[] = [];
    await board.start({
      setup() {
        pinMode(4, INPUT_PULLUP);
        attachInterrupt(digitalPinToInterrupt(4), () => seen.push(`falling ${millis()}`), FALLING);
        pinMode(5, INPUT_PULLUP);
        attachInterrupt(5, () => seen.push(`rising ${millis()}`), RISING);
        pinMode(16, INPUT_PULLUP);
        attachInterrupt(16, () => seen.push(`change ${millis()}`), CHANGE);
      },
      loop: () => delay(1_000),
    });
    for (const level of [LOW, LOW, HIGH] as const) {
      await board.advance(10);
      for (const pin of [4, 5, 16]) board.setInput(pin, level);
    }
    expect(seen).to.deep.equal(["falling 10", "change 10", "rising 30", "change 30"]);
  });

  it("runs a handler within the call by which the sketch itself drives the pin", async () => {
    const seen: string[] = [];
    await new VirtualBoard(EVEN).start({
      setup() {
        pinMode(4, OUTPUT);
        digitalWrite(4, LOW);
        attachInterrupt(4, () => seen.push("handler"), RISING);
        digitalWrite(4, HIGH);
        seen.push("after");
      },
    });
    expect(seen).to.deep.equal(["handler", "after"]);
  });

  it("lets handlers wait between noInterrupts and interrupts, each for one run", async () => {
    const board = new VirtualBoard(EVEN);
    const seen: number[] = [];
    await board.start({
      setup() {
        for (const pin of [5, 4]) {
          pinMode(pin, INPUT_PULLUP);
          attachInterrupt(pin, () => seen.push(pin), CHANGE);
        }
        noInterrupts();
      },
      async loop() {
        await delay(10);
        seen.push(0);
        interrupts();
      },
    });
    for (const level of [LOW, HIGH, LOW] as const) for (const pin of [5, 4]) board.setInput(pin, level);
    await board.advance(10);
    expect(seen).to.deep.equal([0, 4, 5]);
  });

  it("runs none that was detached, and none of a life that is over", async () => {
    const board = new VirtualBoard(EVEN);
    let runs = 0;
    const setup = (): void => {
      pinMode(4, INPUT_PULLUP);
      attachInterrupt(4, () => runs++, CHANGE);
    };
    await board.start({
      setup() {
        setup();
        detachInterrupt(4);
      },
    });
    board.setInput(4, LOW);
    await board.stop();
    board.setInput(4, null);
    await board.start({ setup });
    board.setInput(4, LOW);
    expect(runs).to.equal(1);
    await board.stop();
    board.setInput(4, HIGH);
    await board.start({ setup: () => pinMode(4, INPUT_PULLUP) });
    board.setInput(4, LOW);
    expect(runs).to.equal(1);
  });

  it("ends the sketch when a handler throws", async () => {
    const board = new VirtualBoard(EVEN);
    await board.start({
      setup() {
        pinMode(4, INPUT_PULLUP);
        attachInterrupt(
          4,
          () => {
            throw new Error("too fast");
          },
          FALLING,
        );
      },
    });
    board.setInput(4, LOW);
    const error = await rejection(board.advance(1));
    expect(error.message).to.match(/^interrupt handler of pin 4: too fast\n {4}at .*interrupts\.spec\.[tj]s:\d+:\d+/);
  });

  it("refuses a mode and a pin that do not exist", async () => {
    const start = (setup: () => void): Promise<void> => new VirtualBoard(EVEN).start({ setup });
    expect((await rejection(start(() => attachInterrupt(4, () => {}, 9)))).message).to.include("RISING, FALLING");
    expect((await rejection(start(() => attachInterrupt(99, () => {}, RISING)))).message).to.include("pin 99");
  });

  it("ends the code that changed the pin where its handler restarts the board, or throws", async () => {
    const ends: Record<string, () => void> = {
      restarts: () => ESP.restart(),
      throws: () => {
        throw new Error("from the handler");
      },
    };
    for (const [name, end] of Object.entries(ends)) {
      const seen: string[] = [];
      const board = new VirtualBoard(EVEN);
      await board
        .start({
          setup() {
            pinMode(2, OUTPUT);
            attachInterrupt(2, end, RISING);
            digitalWrite(2, HIGH);
            seen.push(`after what ${name}`);
          },
        })
        .catch(() => {});
      expect(seen).to.deep.equal([]);
      await board.stop();
    }
  });
});
