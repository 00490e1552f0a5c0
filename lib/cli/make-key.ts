import { randomBytes } from "node:crypto";

/** 32 random bytes as 64 hex characters: text that is the key as it stands, on both sides. */
export function makeKey(): string {
  return randomBytes(32).toString("hex");
}
