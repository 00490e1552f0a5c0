/** Numbers in text, as C reads them: leading space, then the longest number, else 0. */

const INT = /^[\t-\r ]*([+-]?\d+)/;
const INTEGER = /^[\t-\r ]*([+-]?)(0x)?([0-9a-z]*)/i;
const FLOAT = /^[\t-\r ]*([+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan))/i;
const INT32_MAX = 0x7fff_ffff;

/** `atol`: a 32-bit number. One that does not fit becomes the nearest that does. */
export function parseLong(text: string): number {
  const digits = INT.exec(text)?.[1];
  return digits === undefined ? 0 : Math.min(Math.max(Number(digits), -INT32_MAX - 1), INT32_MAX);
}

/** `strtol` without its limits: an integer in `radix`, else 0. 16 and 0 allow a prefix "0x", 0 also an octal "0". */
export function parseInteger(text: string, radix: number): bigint {
  const [, sign = "", prefix = "", rest = ""] = INTEGER.exec(text) ?? [];
  const base = radix === 0 ? radixOf(prefix, rest) : radix;
  const isPrefixed = base === 16 && prefix !== "" && isDigit(rest[0], base);
  const digits = isPrefixed ? rest : prefix + rest;
  let value = 0n;
  for (let index = 0; isDigit(digits[index], base); index++) {
    value = value * BigInt(base) + BigInt(Number.parseInt(digits[index]!, base));
  }
  return sign === "-" ? -value : value;
}

function radixOf(prefix: string, digits: string): number {
  if (prefix !== "") return 16;
  return digits.startsWith("0") ? 8 : 10;
}

function isDigit(char: string | undefined, radix: number): boolean {
  return char !== undefined && /[0-9a-z]/i.test(char) && Number.parseInt(char, 36) < radix;
}

/** `atof`. */
export function parseDouble(text: string): number {
  const number = FLOAT.exec(text)?.[1]?.toLowerCase() ?? "0";
  if (!number.includes("n")) return Number(number);
  const sign = number.startsWith("-") ? -1 : 1;
  return number.includes("nan") ? NaN : sign * Infinity;
}
