import { expect } from "chai";

import { struct, type FieldType } from "../../../lib/arduino/values/struct.js";
import { expectInvalid } from "../expect-invalid.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("struct", () => {
  const Telemetry = struct({ node: "uint8_t", uptimeMs: "uint32_t", celsius: "float", ok: "bool" });

  it("lays its fields out packed and little-endian", () => {
    const bytes = Telemetry.pack({ node: 7, uptimeMs: 0x01020304, celsius: 21.5, ok: true });
    expect(hex(bytes)).to.equal("07" + "04030201" + "0000ac41" + "01");
    expect(Telemetry.size).to.equal(10);
  });

  it("reads back what it has written", () => {
    const values = { node: 7, uptimeMs: 123_456, celsius: 21.5, ok: false };
    expect(Telemetry.unpack(Telemetry.pack(values))).to.deep.equal(values);
  });

  it("reads from the middle of other bytes", () => {
    const around = new Uint8Array(14);
    around.set(Telemetry.pack({ node: 7, uptimeMs: 1, celsius: 0, ok: true }), 3);
    expect(Telemetry.unpack(around.subarray(3, 13)).node).to.equal(7);
  });

  it("knows every type of C that an ESP32 has", () => {
    const All = struct({
      a: "int8_t",
      b: "int16_t",
      c: "uint16_t",
      d: "int32_t",
      e: "int64_t",
      f: "uint64_t",
      g: "byte",
      h: "char",
      i: "int",
      j: "long",
      k: "size_t",
      l: "double",
    });
    const values = {
      a: -1,
      b: -2,
      c: 65_535,
      d: -3,
      e: -4n,
      f: 2n ** 64n - 1n,
      g: 255,
      h: 200,
      i: -5,
      j: -6,
      k: 4294967295,
      l: 0.1,
    };
    expect(All.size).to.equal(1 + 2 + 2 + 4 + 8 + 8 + 1 + 1 + 4 + 4 + 4 + 8);
    expect(All.unpack(All.pack(values))).to.deep.equal(values);
  });

  it("wraps integers at their width, and cuts fractions off", () => {
    const Small = struct({ a: "uint8_t", b: "int16_t" });
    expect(Small.unpack(Small.pack({ a: 300.7, b: 40_000 }))).to.deep.equal({ a: 44, b: -25_536 });
  });

  it("holds text, bytes, arrays and other structs", () => {
    const Point = struct({ x: "int16_t", y: "int16_t" });
    const Track = struct({ name: "char[4]", mac: "uint8_t[3]", levels: "uint16_t[2]", at: Point });
    const values = { name: "é", mac: Uint8Array.of(1, 2, 3), levels: [4, 5], at: { x: -1, y: 6 } };
    expect(hex(Track.pack(values))).to.equal("c3a90000" + "010203" + "04000500" + "ffff0600");
    expect(Track.unpack(Track.pack(values))).to.deep.equal(values);
  });

  it("fills what is not given of an array with zeros", () => {
    const Levels = struct({ levels: "uint16_t[3]" });
    expect(hex(Levels.pack({ levels: [1] }))).to.equal("010000000000");
  });

  it("pads as C does where it is not packed", () => {
    const Inner = struct({ a: "uint8_t", b: "uint32_t" }, { packed: false });
    const Outer = struct({ flag: "bool", inner: Inner, last: "uint8_t", text: "char[3]" }, { packed: false });
    expect([Inner.size, Inner.alignment]).to.deep.equal([8, 4]);
    expect(Outer.size).to.equal(4 + 8 + 1 + 3);
    expect(hex(Inner.pack({ a: 1, b: 2 }))).to.equal("0100000002000000");
  });

  it("refuses bytes of another length", () => {
    expectInvalid(() => Telemetry.unpack(new Uint8Array(9)), "unpack: the struct has 10 bytes, and 9 were given");
  });

  it("refuses values that are missing or do not fit", () => {
    const Name = struct({ name: "char[4]", mac: "byte[2]", levels: "int16_t[1]" });
    const values = { name: "roof", mac: Uint8Array.of(1, 2), levels: [1] };
    expectInvalid(() => Name.pack({ ...values, name: "cellar" }), 'pack: "name" has room for 4, and 6 were given');
    expectInvalid(
      () => Name.pack({ ...values, mac: new Uint8Array(3) }),
      'pack: "mac" has room for 2, and 3 were given',
    );
    expectInvalid(() => Name.pack({ ...values, levels: [1, 2] }), 'pack: "levels" has room for 1, and 2 were given');
    expectInvalid(() => Name.pack({} as typeof values), 'pack: the field "name" is missing');
  });

  it("refuses a type that it does not know", () => {
    for (const type of ["u16", "uint8_t[0]", "uint8_t[]"]) {
      expectInvalid(() => struct({ a: type as FieldType }), `struct: "${type}" of "a" is no type of C known here`);
    }
  });
});
