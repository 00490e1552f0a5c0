import { getSystemErrorMap } from "node:util";
import { systemCodeOf } from "../errors.js";

/** The system's error code (`ENOENT`), or the thrown value as text. */
export function codeOf(cause: unknown): string {
  return systemCodeOf(cause) ?? String(cause);
}

/** The system's description of a failure, and its code: `no space left on device (ENOSPC)`. */
export function systemReason(cause: unknown): string {
  const code = codeOf(cause);
  const text = [...getSystemErrorMap().values()].find(([name]) => name === code)?.[1];
  return text === undefined ? code : `${text} (${code})`;
}
