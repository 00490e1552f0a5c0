import { expect } from "chai";

import { currentBoard } from "../../../lib/arduino/board/current-board.js";
import { Serial, Serial1 } from "../../../lib/arduino/serial/hardware-serial.js";
import { SketchError } from "../../../lib/arduino/sketch/sketch-error.js";
import type { ArduinoString } from "../../../lib/arduino/text/arduino-string.js";
import { HEX } from "../../../lib/arduino/text/number-base.js";
import { VirtualBoard } from "../../../lib/testing/virtual-board.js";
import { runLives } from "../lives.js";
import { rejection } from "../rejection.js";

type Code = () => void | Promise<void>;

/** A board whose sketch has opened Serial and runs `code` once. */
async function running(code: Code, board = new VirtualBoard()): Promise<VirtualBoard> {
  await board.start({
    setup: async () => {
      Serial.begin(115_200);
      await code();
    },
  });
  return board;
}

describe("Serial", () => {
  it("prints text, numbers and formats, and tells how many bytes these are", async () => {
    const sizes: number[] = [];
    const board = await running(() => {
      sizes.push(Serial.print("t="), Serial.println(21.456), Serial.println(255, HEX), Serial.println());
      sizes.push(Serial.printf("%s: %03d\n", "n", 7), Serial.print("é"));
    });
    expect(board.serial.text).to.equal("t=21.46\r\nFF\r\n\r\nn: 007\né");
    expect(sizes).to.deep.equal([2, 7, 4, 2, 7, 2]);
  });

  it("ends a sketch that prints undefined, with its line", async () => {
    const values: string[] = [];
    let line = 0;
    const error = await rejection(
      running(() => {
        line = Number(/:(\d+):\d+\)?$/m.exec(new Error("here").stack!)![1]) + 1;
        Serial.println(values[0]!);
      }),
    );
    expect(error).to.be.instanceOf(SketchError);
    expect(error.message).to.include("setup(): print takes text, a number or a String, not undefined");
    expect(error)
      .to.have.property("site")
      .that.matches(new RegExp(`hardware-serial\\.spec\\.[tj]s:${line}:\\d+$`));
  });

  it("writes bytes as they are", async () => {
    const board = await running(() => {
      Serial.write(0x1ff);
      Serial.write("abc", 2);
      Serial.write(Uint8Array.of(0, 1, 2), 2);
      Serial.write(Uint8Array.of(200));
    });
    expect([...board.serial.bytes]).to.deep.equal([0xff, 97, 98, 0, 1, 200]);
  });

  it("reads what was typed, a byte at a time", async () => {
    const board = new VirtualBoard();
    board.serial.type("hi");
    const seen: number[] = [];
    await running(() => {
      seen.push(Serial.available(), Serial.peek(), Serial.read(), Serial.read(), Serial.read(), Serial.available());
    }, board);
    expect(seen).to.deep.equal([2, 104, 104, 105, -1, 0]);
  });

  it("waits for the end of a line, as long as bytes keep coming", async () => {
    let line: ArduinoString | null = null;
    const board = await running(async () => {
      line = await Serial.readStringUntil("\n");
    });
    board.serial.type("set");
    await board.advance(900);
    board.serial.type(" 5\nrest");
    expect(line).to.equal(null);
    await board.advance(1);
    expect(String(line)).to.equal("set 5");
    await board.stop();
  });

  it("gives up after a second without a byte", async () => {
    let line: ArduinoString | null = null;
    const board = await running(async () => {
      line = await Serial.readStringUntil("\n");
    });
    board.serial.type("set");
    await board.advance(999);
    expect(line).to.equal(null);
    await board.advance(2);
    expect(String(line)).to.equal("set");
  });

  it("waits as long as it is told to, also before it is opened", async () => {
    const board = new VirtualBoard();
    let text: ArduinoString | null = null;
    await board.start({
      setup: async () => {
        Serial.setTimeout(50);
        Serial.begin();
        text = await Serial.readString();
      },
    });
    await board.advance(49);
    expect(text).to.equal(null);
    await board.advance(1);
    expect(String(text)).to.equal("");
  });

  it("reads numbers, bytes, and what it looks for", async () => {
    const seen: unknown[] = [];
    const board = new VirtualBoard();
    board.serial.type("a=12 b=-0.5 header:xyz;end. END");
    await running(async () => {
      const buffer = new Uint8Array(3);
      seen.push(await Serial.parseInt(), await Serial.parseFloat(), await Serial.find("header:"));
      seen.push(await Serial.readBytes(buffer), Buffer.from(buffer).toString());
      seen.push(await Serial.readBytesUntil(";", buffer), await Serial.findUntil("END", "."));
    }, board);
    expect(seen).to.deep.equal([12, -0.5, true, 3, "xyz", 0, false]);
  });

  it("leaves no timer behind a read that got its byte", async () => {
    const board = new VirtualBoard();
    await board.start({
      setup: () => Serial.begin(),
      loop: async () => void (await Serial.readStringUntil("\n")),
    });
    const pending: number[] = [];
    for (let line = 0; line < 3; line++) {
      board.serial.type("x\n");
      await board.advance(10);
      pending.push(board.clock.pending);
    }
    expect(new Set(pending).size).to.equal(1);
    await board.stop();
  });

  it("ends a wait with the life of the sketch", async () => {
    const board = await running(async () => {
      await Serial.readString();
    });
    await board.stop();
    expect(board.clock.pending).to.equal(0);
  });

  it("calls a receiver whenever bytes come, until another one is set", async () => {
    const board = await running(() => {
      Serial.onReceive(() => {
        while (Serial.available() > 0) Serial.write(Serial.read());
        Serial.onReceive(null);
      });
    });
    board.serial.type("ab");
    board.serial.type("cd");
    expect(board.serial.text).to.equal("ab");
  });

  it("ends the sketch where a receiver throws", async () => {
    const board = await running(() => {
      Serial.onReceive(() => {
        throw new Error("bad command");
      });
    });
    board.serial.type("x");
    await expectFailure(
      board.advance(1),
      /^Serial.onReceive callback: bad command\n {4}at .*hardware-serial\.spec\.[jt]s:/,
    );
  });

  it("ends a sketch that writes, or reads, before it begins, and tells its line", async () => {
    for (const use of [() => Serial.println("x"), () => Serial.available(), () => Serial.readString()]) {
      await expectFailure(
        new VirtualBoard().start({ setup: () => void use() }),
        /^setup\(\): Serial\.begin\(115200\) is missing: on a board .*\n {4}at .*hardware-serial\.spec\.[jt]s:/,
      );
    }
  });

  it("has to be opened again after its end, and in the next life", async () => {
    const missing = /Serial\.begin\(115200\) is missing/;
    const ended = running(() => {
      Serial.end();
      Serial.println("x");
    });
    await expectFailure(ended, missing);
    const lives = runLives([() => Serial.begin(), () => void Serial.println("x")]);
    await expectFailure(lives, missing);
  });

  it("ends a sketch whose terminal was closed, and tells its line", async () => {
    const board = new VirtualBoard();
    await board.start({
      setup: () => Serial.begin(),
      loop: () => void Serial.println("x"),
    });
    await board.advance(10);
    board.serial.close();
    await expectFailure(
      board.advance(10),
      /^loop\(\): the stream is closed that the serial port writes to\n {4}at .*hardware-serial\.spec\.[jt]s:/,
    );
  });

  it("knows its speed while it is open", async () => {
    const speeds: number[] = [];
    await running(() => {
      speeds.push(Serial.baudRate());
      Serial.end();
      speeds.push(Serial.baudRate());
    });
    expect(speeds).to.deep.equal([115_200, 0]);
  });

  it("loses what a larger receive buffer would have held", async () => {
    const board = new VirtualBoard();
    board.serial.type("x".repeat(300));
    expect(board.serial.lost).to.equal(44);
    await running(() => void Serial.setRxBufferSize(512), board);
    board.serial.type("y".repeat(300));
    expect(board.serial.lost).to.equal(88);
  });

  it("is always there", () => {
    expect(Boolean(Serial)).to.equal(true);
  });

  it("has a second port beside it", async () => {
    const board = new VirtualBoard();
    await board.start({
      setup: () => {
        Serial.begin();
        Serial1.begin(9_600);
        Serial.print("one");
        Serial1.print("two");
      },
    });
    expect([board.serial.text, board.serial1.text]).to.deep.equal(["one", "two"]);
  });

  it("restarts the board in onReceive, of which whoever types hears nothing", async () => {
    const board = await running(() => Serial.onReceive(() => currentBoard().restart()));
    board.serial.type("reboot");
    await board.advance(2);
    expect(board.lives).to.equal(2);
  });

  it("finds a loop that waits for bytes without await", async () => {
    for (const look of [() => Serial.available() === 0, () => Serial.read() < 0, () => Serial.peek() < 0]) {
      const error = await rejection(running(() => { while (look()); })); // prettier-ignore
      expect(error.message).to.include("setup(): looked 1000000 times");
    }
  });
});

async function expectFailure(running: Promise<unknown>, message: RegExp): Promise<void> {
  const failure: unknown = await running.then(
    () => null,
    (error: unknown) => error,
  );
  expect(failure).to.be.instanceOf(Error);
  expect((failure as Error).message).to.match(message);
}
