import { UsmpError } from "../../errors.js";
import { ArduinoString } from "../text/arduino-string.js";
import type { Printable } from "../text/printed.js";

const OCTETS = 4;

/** An IPv4 address: `new IPAddress(192, 168, 1, 5)` or `new IPAddress("192.168.1.5")`. */
export class IPAddress implements Printable {
  readonly #octets: readonly number[];

  /** @throws UsmpError INVALID_ARG for a text that is not an IPv4 address. */
  constructor(text: string);
  constructor(first: number, second: number, third: number, fourth: number);
  constructor(...parts: readonly (string | number)[]) {
    const text = parts.join(".");
    const octets = text.split(".");
    if (octets.length !== OCTETS || !octets.every((octet) => /^\d{1,3}$/.test(octet) && Number(octet) < 256)) {
      throw new UsmpError("INVALID_ARG", `"${text}" is no IPv4 address such as 192.168.1.5`);
    }
    this.#octets = octets.map(Number);
  }

  /** One of the four numbers, `ip[index]` on a board. */
  octet(index: 0 | 1 | 2 | 3): number {
    return this.#octets[index]!;
  }

  equals(other: IPAddress): boolean {
    return this.printedText === other.printedText;
  }

  get printedText(): string {
    return this.#octets.join(".");
  }

  /** A `String`, as on a board: `WiFi.localIP().toString().c_str()`. */
  toString(): ArduinoString {
    return new ArduinoString(this.printedText);
  }

  [Symbol.toPrimitive](): string {
    return this.printedText;
  }

  toJSON(): string {
    return this.printedText;
  }
}
