import type { TextLike } from "./arduino-string.js";
import { bytesOf } from "./byte-text.js";
import { bytesToSend } from "./bytes-to-send.js";
import type { NumberBase } from "./number-base.js";
import { printed, type Printed } from "./printed.js";
import { formatted, type PrintfArgument } from "./printf.js";

/** What can be printed to: `Serial`, a USMPClient. Each call gives how many bytes were taken. */
export abstract class Print {
  /** `print(t, 1)`: one decimal; `print(n, HEX)`. */
  print(value: Printed, format?: NumberBase | number): number {
    return this.writeBytes(bytesOf(printed(value, format)));
  }

  /** The same, and CR LF. */
  println(...given: [] | [value: Printed, format?: NumberBase | number]): number {
    // By their number: println(undefined) is a mistake, and no empty line.
    const text = given.length === 0 ? "" : printed(...given);
    return this.writeBytes(bytesOf(`${text}\r\n`));
  }

  /** C's printf: `printf("%d: %.1f\n", index, celsius)`. @throws UsmpError INVALID_ARG where an argument does not fit. */
  printf(format: string, ...args: readonly PrintfArgument[]): number {
    return this.writeBytes(bytesOf(formatted(format, args)));
  }

  /** One byte, or text, or bytes, at most `length` of them. A `char` array is text, and with a `length` it is bytes. */
  write(data: number | TextLike | Uint8Array, length?: number): number {
    if (typeof data === "number") return this.writeBytes(Uint8Array.of(data));
    return this.writeBytes(bytesToSend("write", data, length));
  }

  /** Sends what was printed and waits to be sent. */
  abstract flush(): void;

  protected abstract writeBytes(bytes: Uint8Array): number;
}
