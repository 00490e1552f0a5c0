import type { TextLike } from "./arduino-string.js";
import { bytesOf } from "./byte-text.js";
import { bytesToSend } from "./bytes-to-send.js";
import type { NumberBase } from "./number-base.js";
import { printed, type Printed } from "./printed.js";
import { formatted, type PrintfArgument } from "./printf.js";

/** The base of `Serial` and `USMPClient`. Each method returns the number of bytes that it took. */
export abstract class Print {
  /** `print(t, 1)`: one decimal; `print(n, HEX)`. */
  print(value: Printed, format?: NumberBase | number): number {
    return this.writeBytes(bytesOf(printed(value, format)));
  }

  /** As `print`, followed by CR LF. */
  println(...given: [] | [value: Printed, format?: NumberBase | number]): number {
    // By the number of arguments: println(undefined) is a mistake, not an empty line.
    const text = given.length === 0 ? "" : printed(...given);
    return this.writeBytes(bytesOf(`${text}\r\n`));
  }

  /** C's printf: `printf("%d: %.1f\n", index, celsius)`. @throws UsmpError INVALID_ARG if an argument does not fit. */
  printf(format: string, ...args: readonly PrintfArgument[]): number {
    return this.writeBytes(bytesOf(formatted(format, args)));
  }

  /** Writes one byte, text, or at most `length` bytes. A `char` array is text; with a `length` it is bytes. */
  write(data: number | TextLike | Uint8Array, length?: number): number {
    if (typeof data === "number") return this.writeBytes(Uint8Array.of(data));
    return this.writeBytes(bytesToSend("write", data, length));
  }

  /** Sends printed text that waits to be sent. */
  abstract flush(): void;

  protected abstract writeBytes(bytes: Uint8Array): number;
}
