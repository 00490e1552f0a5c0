import { byteString, bytesOf } from "../text/byte-text.js";
import type { TextLike } from "../text/arduino-string.js";
import type { NumberBase } from "../text/number-base.js";
import { printed, type Printed } from "../text/printed.js";
import { formatted, type PrintfArgument } from "../text/printf.js";

/**
 * The board's `Print` on a session: what is printed is gathered, and sent as one message at each newline, at 452 bytes, on
 * `flush()` and before a `send()`. Each call gives how many bytes were taken, 0 without a session.
 */
export abstract class ClientPrint {
  /** `print(t, 1)`: one decimal; `print(n, HEX)`. */
  print(value: Printed, format?: NumberBase | number): number {
    return this.writeBytes(bytesOf(printed(value, format)));
  }

  /** The same, and CR LF, with which the message is complete. */
  println(value: Printed = "", format?: NumberBase | number): number {
    return this.writeBytes(bytesOf(`${printed(value, format)}\r\n`));
  }

  /** C's printf: `printf("%d: %.1f\n", index, celsius)`. @throws UsmpError INVALID_ARG where an argument does not fit. */
  printf(format: string, ...args: readonly PrintfArgument[]): number {
    return this.writeBytes(bytesOf(formatted(format, args)));
  }

  /** One byte, or text, or bytes, at most `length` of them. */
  write(data: number | TextLike | Uint8Array, length?: number): number {
    if (typeof data === "number") return this.writeBytes(Uint8Array.of(data));
    return this.writeBytes(
      (data instanceof Uint8Array ? data : bytesOf(byteString(data.toString()))).subarray(0, length),
    );
  }

  /** Sends what was printed and not sent yet. */
  abstract flush(): void;

  protected abstract writeBytes(bytes: Uint8Array): number;
}
