/** A test in JavaScript has no types: what it gives in error is named, and the gateway and the board still work. */
import { expect } from "chai";

import { TestGateway, VirtualBoard, VirtualClock } from "../../lib/testing/index.js";
import {
  ANYTHING,
  GIVEN,
  NO_OPTIONS,
  NULL,
  NUMBER,
  OBJECT,
  refuses,
  TEXT,
  UNDEFINED,
} from "../support/wrong-arguments.js";

const PSK = "usmp-dev-psk-change-me-before-prod";
const NOT_A_NUMBER = [UNDEFINED, NULL, TEXT, OBJECT];
const NOT_MS = [NULL, TEXT, OBJECT];

describe("What a test in JavaScript gives in error", () => {
  describe("to a gateway", () => {
    const gateway = new TestGateway({ psk: PSK });
    after(() => gateway.close());

    const waits = ["next", "nextBytes", "nextMessage", "waitForSession", "waitForDisconnect"] as const;
    refuses([
      {
        call: "new TestGateway(_)",
        names: "options",
        wrong: [UNDEFINED, ...NO_OPTIONS],
        run: (options) => new TestGateway(options),
      },
      { call: "new TestGateway({ psk: _ })", names: "PSK", wrong: ANYTHING, run: (psk) => new TestGateway({ psk }) },
      {
        call: "new TestGateway({ seed: _ })",
        names: "seed",
        wrong: NOT_MS,
        run: (seed) => new TestGateway({ psk: PSK, seed }),
      },
      {
        call: "new TestGateway({ clock: _ })",
        names: "clock",
        wrong: GIVEN,
        run: (clock) => new TestGateway({ psk: PSK, clock }),
      },
      {
        call: "new TestGateway({ conditions: _ })",
        names: "conditions",
        wrong: NO_OPTIONS,
        run: (conditions) => new TestGateway({ psk: PSK, conditions }),
      },
      {
        call: "new TestGateway({ conditions: { loss: _ } })",
        names: "loss",
        wrong: NOT_MS,
        run: (loss) => new TestGateway({ psk: PSK, conditions: { loss } }),
      },
      {
        call: "gateway.conditions = _",
        names: "conditions",
        wrong: NO_OPTIONS,
        run: (given) => (gateway.conditions = given),
      },
      { call: "gateway.session(_)", names: "deviceId", wrong: GIVEN, run: (id) => gateway.session(id) },
      {
        call: "gateway.send(_)",
        names: "data",
        wrong: [UNDEFINED, NULL, NUMBER, OBJECT],
        run: (message) => gateway.send(message),
      },
      ...waits.flatMap((name) => [
        {
          call: `gateway.${name}(_)`,
          names: "options",
          wrong: NO_OPTIONS,
          run: (options: never) => gateway[name](options),
        },
        {
          call: `gateway.${name}({ deviceId: _ })`,
          names: "deviceId",
          wrong: GIVEN,
          run: (deviceId: never) => gateway[name]({ deviceId }),
        },
        {
          call: `gateway.${name}({ withinMs: _ })`,
          names: "withinMs",
          wrong: NOT_MS,
          run: (withinMs: never) => gateway[name]({ withinMs }),
        },
      ]),
      { call: "gateway.expectNothing(_)", names: "ms", wrong: NOT_A_NUMBER, run: (ms) => gateway.expectNothing(ms) },
      { call: "gateway.restart(_)", names: "options", wrong: NO_OPTIONS, run: (options) => gateway.restart(options) },
      {
        call: "gateway.restart({ downMs: _ })",
        names: "downMs",
        wrong: NOT_MS,
        run: (downMs) => gateway.restart({ downMs }),
      },
      { call: "gateway.transport(_)", names: "kind", wrong: GIVEN, run: (kind) => gateway.transport(kind) },
      { call: "gateway.plugIn(_)", names: "board", wrong: ANYTHING, run: (board) => gateway.plugIn(board) },
    ]);

    it("leaves it listening", () => {
      expect(gateway.usmp.state()).to.equal("listening");
    });
  });

  describe("to a board", () => {
    const board = new VirtualBoard();
    refuses([
      { call: "new VirtualBoard(_)", names: "options", wrong: NO_OPTIONS, run: (options) => new VirtualBoard(options) },
      {
        call: "new VirtualBoard({ gateway: _ })",
        names: "gateway",
        wrong: GIVEN,
        run: (gateway) => new VirtualBoard({ gateway }),
      },
      { call: "new VirtualBoard({ pins: _ })", names: "pins", wrong: GIVEN, run: (pins) => new VirtualBoard({ pins }) },
      {
        call: "new VirtualBoard({ deviceId: _ })",
        names: "deviceId",
        wrong: GIVEN,
        run: (deviceId) => new VirtualBoard({ deviceId }),
      },
      ...(["seed", "startMillis", "turnMs", "watchdogMs"] as const).map((name) => ({
        call: `new VirtualBoard({ ${name}: _ })`,
        names: name,
        wrong: NOT_MS,
        run: (value: never) => new VirtualBoard({ [name]: value }),
      })),
      {
        call: "board.start(_)",
        names: "sketch",
        wrong: [UNDEFINED, NULL, NUMBER, TEXT],
        run: (sketch) => board.start(sketch),
      },
      { call: "board.advance(_)", names: "ms", wrong: NOT_A_NUMBER, run: (ms) => board.advance(ms) },
      { call: "board.advanceUntil(_)", names: "done", wrong: ANYTHING, run: (done) => board.advanceUntil(done) },
      {
        call: "board.advanceUntil(done, _)",
        names: "options",
        wrong: NO_OPTIONS,
        run: (options) => board.advanceUntil(() => false, options),
      },
      {
        call: "board.advanceUntil(done, { withinMs: _ })",
        names: "withinMs",
        wrong: NOT_MS,
        run: (withinMs) => board.advanceUntil(() => false, { withinMs }),
      },
      { call: "board.press(_)", names: "pin", wrong: NOT_A_NUMBER, run: (pin) => board.press(pin) },
      { call: "board.press(4, _)", names: "options", wrong: NO_OPTIONS, run: (options) => board.press(4, options) },
      {
        call: "board.press(4, { holdMs: _ })",
        names: "holdMs",
        wrong: NOT_MS,
        run: (holdMs) => board.press(4, { holdMs }),
      },
      {
        call: "board.press(4, { bounceMs: _ })",
        names: "bounceMs",
        wrong: NOT_MS,
        run: (bounceMs) => board.press(4, { bounceMs }),
      },
      { call: "board.setInput(_, 1)", names: "pin", wrong: NOT_A_NUMBER, run: (pin) => board.setInput(pin, 1) },
      {
        call: "board.setInput(4, _)",
        names: "level",
        wrong: [UNDEFINED, NUMBER, TEXT, OBJECT],
        run: (level) => board.setInput(4, level),
      },
      { call: "board.setAnalog(_, 1)", names: "pin", wrong: NOT_A_NUMBER, run: (pin) => board.setAnalog(pin, 1) },
      {
        call: "board.setAnalog(34, _)",
        names: "reading",
        wrong: [UNDEFINED, TEXT, OBJECT],
        run: (reading) => board.setAnalog(34, reading),
      },
      {
        call: "board.setAnalog(34, 1, { noise: _ })",
        names: "noise",
        wrong: NOT_MS,
        run: (noise) => board.setAnalog(34, 1, { noise }),
      },
      {
        call: "board.onOutput(_, listener)",
        names: "pin",
        wrong: NOT_A_NUMBER,
        run: (pin) => board.onOutput(pin, () => {}),
      },
      {
        call: "board.onOutput(2, _)",
        names: "listener",
        wrong: ANYTHING,
        run: (listener) => board.onOutput(2, listener),
      },
      { call: "board.output(_)", names: "pin", wrong: NOT_A_NUMBER, run: (pin) => board.output(pin) },
      { call: "board.outputs(_)", names: "pin", wrong: NOT_MS, run: (pin) => board.outputs(pin) },
      {
        call: "board.serial.type(_)",
        names: "input",
        wrong: [UNDEFINED, NULL, NUMBER, OBJECT],
        run: (input) => board.serial.type(input),
      },
    ]);

    it("leaves it as it was, and it runs a sketch", async () => {
      let turns = 0;
      await board.start({ loop: () => void turns++ });
      await board.advance(10);
      expect(turns).to.be.greaterThan(0);
      await board.stop();
    });
  });

  describe("to a clock", () => {
    const clock = new VirtualClock();
    refuses([
      { call: "new VirtualClock(_)", names: "startMs", wrong: NOT_MS, run: (startMs) => new VirtualClock(startMs) },
      { call: "clock.advance(_)", names: "ms", wrong: NOT_A_NUMBER, run: (ms) => clock.advance(ms) },
      { call: "clock.advanceUntil(_, 1)", names: "done", wrong: ANYTHING, run: (done) => clock.advanceUntil(done, 1) },
      {
        call: "clock.advanceUntil(done, _)",
        names: "limitMs",
        wrong: NOT_A_NUMBER,
        run: (ms) => clock.advanceUntil(() => false, ms),
      },
      { call: "clock.after(1, _)", names: "callback", wrong: ANYTHING, run: (callback) => clock.after(1, callback) },
      {
        call: "clock.after(_, callback)",
        names: "delayMs",
        wrong: NOT_A_NUMBER,
        run: (ms) => clock.after(ms, () => {}),
      },
    ]);
  });
});
