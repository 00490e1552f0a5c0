import { expect } from "chai";
import * as arduino from "../../lib/arduino/index.js";

describe("arduino/numbers", () => {
  it("maps ranges in whole numbers, cut towards zero", () => {
    const { map } = arduino;
    expect(map(512, 0, 1_023, 0, 255)).to.equal(127);
    expect(map(-1, 0, 3, 0, 10)).to.equal(-3);
    expect(map(10.9, 0, 100, 0, 10)).to.equal(1);
    expect(map(75, 0, 100, 100, 0)).to.equal(25);
    expect(map(5, 3, 3, 0, 10)).to.equal(-1);
  });

  it("wraps in map where a board's long does", () => {
    expect(arduino.map(100_000, 0, 100_000, 0, 100_000)).to.equal((Math.trunc((100_000 * 100_000) | 0) / 100_000) | 0);
  });

  it("constrains, and compares", () => {
    const { constrain, min, max, abs, sq } = arduino;
    expect([constrain(5, 0, 3), constrain(-1, 0, 3), constrain(2, 0, 3)]).to.deep.equal([3, 0, 2]);
    expect([min(1, 2), max(1, 2), abs(-3), sq(-4)]).to.deep.equal([1, 2, 3, 16]);
  });

  it("rounds halves away from zero", () => {
    expect([2.5, -2.5, 2.4, -2.4].map((value) => arduino.round(value))).to.deep.equal([3, -3, 2, -2]);
  });

  it("turns degrees into radians and back", () => {
    expect(arduino.radians(180)).to.be.closeTo(arduino.PI, 1e-12);
    expect(arduino.degrees(arduino.HALF_PI)).to.be.closeTo(90, 1e-12);
  });

  it("reads and makes single bits, the highest without a sign", () => {
    const { bit, bitRead, bitSet, bitClear, bitToggle, bitWrite } = arduino;
    expect(bit(31)).to.equal(2 ** 31);
    expect([bitRead(0b100, 2), bitRead(0b100, 1), bitRead(-1, 31)]).to.deep.equal([1, 0, 1]);
    expect([bitSet(0, 31), bitClear(0xff, 0), bitToggle(0b10, 1)]).to.deep.equal([2 ** 31, 0xfe, 0]);
    expect([bitWrite(0, 3, 1), bitWrite(8, 3, false)]).to.deep.equal([8, 0]);
  });

  it("takes numbers apart into bytes, and puts them together", () => {
    const { lowByte, highByte, word } = arduino;
    expect([lowByte(0x12345), highByte(0x12345)]).to.deep.equal([0x45, 0x23]);
    expect([word(0x12345), word(0x112, 0x134)]).to.deep.equal([0x2345, 0x1234]);
  });
});
