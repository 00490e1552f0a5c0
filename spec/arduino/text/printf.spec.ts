import { expect } from "chai";

import { ArduinoString } from "../../../lib/arduino/text/arduino-string.js";
import { formatted, type PrintfArgument } from "../../../lib/arduino/text/printf.js";
import { expectInvalid } from "../expect-invalid.js";

type Case = readonly [format: string, args: readonly PrintfArgument[], expected: string];

/** As glibc 2.36 prints them, with the widths of an ESP32. */
const CASES: readonly Case[] = [
  ["%5d|%-5d|%05d", [42, 42, 42], "   42|42   |00042"],
  ["%+d|% d|%+5d|% 05d", [5, 5, -5, 42], "+5| 5|   -5| 0042"],
  ["%+-6d|%-05d|", [42, 3], "+42   |3    |"],
  ["%i %i", [3.7, -3.7], "3 -3"],
  ["%d %d", [4294967295, 2 ** 31], "-1 -2147483648"],
  ["%u %lu", [-1, 3000000000], "4294967295 3000000000"],
  ["%x %X %#x %#X %#x", [255, 255, 255, 255, 0], "ff FF 0xff 0XFF 0"],
  ["%x %o %#o %#o", [-1, 8, 8, 0], "ffffffff 10 010 0"],
  ["%lld %lld", [5000000000, -(2n ** 63n)], "5000000000 -9223372036854775808"],
  ["%llu %llx", [2n ** 64n - 1n, -1n], "18446744073709551615 ffffffffffffffff"],
  ["%hhu %hd %hhx %hx", [300, 70000, -1, -1], "44 4464 ff ffff"],
  ["%ld %zu %td %jd", [1, 2, 3, 2n ** 40n], "1 2 3 1099511627776"],
  ["%.3d|%8.3d|%08.3d|%.0d|%.0d", [5, 5, 5, 0, 1], "005|     005|     005||1"],
  ["%*d|%*d|%-*d|", [5, 42, -5, 42, 4, 1], "   42|42   |1   |"],
  ["%c%c%c|%3c|%-3c|", [65, "B", 0x143, "x", "y"], "ABC|  x|y  |"],
  ["%d %x", ["A", "\n"], "65 a"],
  ["%d%d", [true, false], "10"],
  ["%s|%6s|%-6s|%.2s|%6.2s", ["hi", "hi", "hi", "hello", "hello"], "hi|    hi|hi    |he|    he"],
  ["%.*s|%.*s", [3, "hello", -1, "hello"], "hel|hello"],
  ["%s %s", [new ArduinoString("text"), null], "text (null)"],
  ["%.*s|%s", [2, Uint8Array.of(65, 66, 67), Uint8Array.of(72, 105, 0, 33)], "AB|Hi"],
  ["%f %.0f %.1f %.3f", [3.14159, 2.5, 0.25, -1.0005], "3.141590 2 0.2 -1.000"],
  ["%8.2f|%-8.2f|%08.2f|%+.1f", [3.14159, 3.14159, -3.14159, 0], "    3.14|3.14    |-0003.14|+0.0"],
  ["%.f|%#.0f|%.1f", [1.5, 1, -0], "2|1.|-0.0"],
  ["%e %.2E %.0e %#.0e", [12345.678, 0.00012, 15000, 1], "1.234568e+04 1.20E-04 2e+04 1.e+00"],
  ["%g %g %G %#g %.3g", [100000, 1e6, 1e-10, 1, 3.14159], "100000 1e+06 1E-10 1.00000 3.14"],
  ["%f %F %5.1f %05f %+f", [NaN, NaN, -Infinity, Infinity, Infinity], "nan NAN  -inf   inf +inf"],
  ["%+f % e", [NaN, NaN], "+nan  nan"],
  ["%p", [0x3ffb0000], "0x3ffb0000"],
  ["100%% %5%", [], "100% %"],
];

describe("printf", () => {
  for (const [format, args, expected] of CASES) {
    it(`prints "${format}" as "${expected}"`, () => {
      expect(formatted(format, args)).to.equal(expected);
    });
  }

  it("counts bytes in widths and precisions, and passes them on as they are", () => {
    expect(formatted("%4s|%.1s|%c", ["é", "é", 200])).to.equal("  \xc3\xa9|\xc3|\xc8");
  });

  it("leaves arguments over that the format does not name", () => {
    expect(formatted("%d", [1, 2, 3])).to.equal("1");
  });

  const refused: readonly (readonly [format: string, args: readonly PrintfArgument[], message: string])[] = [
    ["%d %d", [1], 'printf: "%d" has no argument: number 2 is missing'],
    ["%s", [42], 'printf: "%s" takes text, not number 42'],
    ["%d", ["12"], 'printf: "%d" takes an integer, not string 12'],
    ["%d", [NaN], 'printf: "%d" takes an integer, not number NaN'],
    ["%.1f", ["12"], 'printf: "%.1f" takes a number, not string 12'],
    ["%f", [Uint8Array.of(1, 2)], 'printf: "%f" takes a number, not 2 bytes'],
    ["%n", [1], 'printf: "%n" is no conversion known here; a percent sign is "%%"'],
    ["50%", [], 'printf: "%" is no conversion known here; a percent sign is "%%"'],
  ];
  for (const [format, args, message] of refused) {
    it(`refuses "${format}" with ${args.length} arguments: ${message}`, () => {
      expectInvalid(() => formatted(format, args), message);
    });
  }
});
