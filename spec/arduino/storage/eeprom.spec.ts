import { expect } from "chai";

import { EEPROM, EEPROMClass } from "../../../lib/arduino/storage/eeprom.js";
import { struct } from "../../../lib/arduino/values/struct.js";
import { expectInvalid } from "../expect-invalid.js";
import { runLives } from "../lives.js";

describe("EEPROM", () => {
  it("is erased at first, and holds what is written", async () => {
    const seen: unknown[] = [];
    await runLives([
      () => {
        seen.push(EEPROM.begin(4), EEPROM.length(), EEPROM.read(0));
        EEPROM.write(0, 0x1ff);
        EEPROM.update(1, 7);
        seen.push(EEPROM.read(0), EEPROM.read(1));
      },
    ]);
    expect(seen).to.deep.equal([true, 4, 255, 255, 7]);
  });

  it("keeps what was committed through a restart, and loses what was not", async () => {
    const seen: number[] = [];
    await runLives([
      () => {
        EEPROM.begin(4);
        EEPROM.write(0, 1);
        EEPROM.commit();
        EEPROM.write(1, 2);
      },
      () => {
        seen.push(EEPROM.length());
        EEPROM.begin(4);
        seen.push(EEPROM.read(0), EEPROM.read(1));
      },
    ]);
    expect(seen).to.deep.equal([0, 1, 255]);
  });

  it("commits at its end", async () => {
    const seen: number[] = [];
    await runLives([
      () => {
        EEPROM.begin(4);
        EEPROM.write(0, 9);
        EEPROM.update(1, true);
        EEPROM.end();
        seen.push(EEPROM.length(), EEPROM.read(0));
        EEPROM.begin(4);
        seen.push(EEPROM.read(0), EEPROM.read(1));
      },
    ]);
    expect(seen).to.deep.equal([0, 0, 9, 1]);
  });

  it("does nothing before it begins, and outside of its size", async () => {
    const seen: unknown[] = [];
    await runLives([
      () => {
        EEPROM.write(0, 1);
        seen.push(EEPROM.read(0), EEPROM.commit(), EEPROM.begin(0));
        EEPROM.begin(2);
        EEPROM.write(2, 1);
        EEPROM.write(-1, 1);
        seen.push(EEPROM.read(2), EEPROM.read(-1), EEPROM.read(0), EEPROM.commit());
      },
    ]);
    expect(seen).to.deep.equal([0, false, false, 0, 0, 255, true]);
  });

  it("grows with erased bytes, and is cut off for good", async () => {
    const seen: number[] = [];
    await runLives([
      () => {
        EEPROM.begin(2);
        EEPROM.write(1, 5);
        EEPROM.commit();
        EEPROM.begin(4);
        seen.push(EEPROM.read(1), EEPROM.read(3));
        EEPROM.begin(1);
        EEPROM.begin(4);
        seen.push(EEPROM.read(1));
      },
    ]);
    expect(seen).to.deep.equal([5, 255, 255]);
  });

  it("holds numbers, structs, bytes and text", async () => {
    const Config = struct({ id: "uint16_t", name: "char[6]" });
    const seen: unknown[] = [];
    await runLives([
      () => {
        EEPROM.begin(32);
        EEPROM.put(0, "uint32_t", 123_456);
        EEPROM.put(4, Config, { id: 7, name: "roof" });
        seen.push(EEPROM.get(0, "uint32_t"), EEPROM.get(4, Config));
        const buffer = new Uint8Array(3);
        seen.push(EEPROM.writeBytes(12, Uint8Array.of(1, 2, 3)), EEPROM.readBytes(12, buffer), [...buffer]);
        seen.push(EEPROM.writeString(16, "é!"), EEPROM.readString(16).toString());
        EEPROM.commit();
      },
      () => {
        EEPROM.begin(32);
        seen.push(EEPROM.get(4, Config).name);
      },
    ]);
    expect(seen).to.deep.equal([123_456, { id: 7, name: "roof" }, 3, 3, [1, 2, 3], 3, "é!", "roof"]);
  });

  it("keeps a value that was put, once it is committed", async () => {
    const seen: number[] = [];
    await runLives([
      () => {
        EEPROM.begin(4);
        EEPROM.put(0, "int", 42);
        EEPROM.commit();
      },
      () => {
        EEPROM.begin(4);
        seen.push(EEPROM.get(0, "int"));
      },
    ]);
    expect(seen).to.deep.equal([42]);
  });

  it("takes no bytes, and no text, for which there is no room", async () => {
    const seen: unknown[] = [];
    await runLives([
      () => {
        EEPROM.begin(4);
        seen.push(EEPROM.writeBytes(3, Uint8Array.of(1, 2)), EEPROM.readBytes(3, new Uint8Array(2)));
        seen.push(EEPROM.writeString(0, "long"), EEPROM.readString(0).toString(), EEPROM.read(0));
      },
    ]);
    expect(seen).to.deep.equal([0, 0, 0, "", 255]);
  });

  it("refuses a value that is not inside, and says what is missing", async () => {
    await runLives([
      () => {
        expectInvalid(() => EEPROM.get(0, "int"), "EEPROM.get: 4 bytes at 0: EEPROM.begin(size) is missing");
        EEPROM.begin(8);
        expectInvalid(() => EEPROM.put(6, "int", 1), "EEPROM.put: 4 bytes at 6: EEPROM.begin(8) ends before");
      },
    ]);
  });

  it("keeps bytes of another name apart", async () => {
    const seen: number[] = [];
    await runLives([
      () => {
        const calibration = new EEPROMClass("calibration");
        calibration.begin(2);
        EEPROM.begin(2);
        calibration.write(0, 1);
        seen.push(calibration.read(0), EEPROM.read(0));
      },
    ]);
    expect(seen).to.deep.equal([1, 255]);
  });
});
