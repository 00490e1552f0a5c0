import { randomBytes } from "node:crypto";

/** 32 random bytes as 64 hex characters. Both sides use that text as the key, undecoded. */
export function makeKey(): string {
  return randomBytes(32).toString("hex");
}
