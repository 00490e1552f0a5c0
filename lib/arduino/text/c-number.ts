/** Numbers out of text, as C reads them: leading space, then as much as makes sense, else 0. */

const INT = /^[\t-\r ]*([+-]?\d+)/;
const FLOAT = /^[\t-\r ]*([+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan))/i;
const INT32_MAX = 0x7fff_ffff;

/** `atol`: a 32-bit number; one that does not fit becomes the nearest that does. */
export function parseLong(text: string): number {
  const digits = INT.exec(text)?.[1];
  return digits === undefined ? 0 : Math.min(Math.max(Number(digits), -INT32_MAX - 1), INT32_MAX);
}

/** `atof`. */
export function parseDouble(text: string): number {
  const number = FLOAT.exec(text)?.[1]?.toLowerCase() ?? "0";
  if (!number.includes("n")) return Number(number);
  const sign = number.startsWith("-") ? -1 : 1;
  return number.includes("nan") ? NaN : sign * Infinity;
}
