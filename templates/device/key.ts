/** The key that the device and its gateway share. It is in usmp.key, which git ignores, and which nobody else may have. */
import { existsSync, readFileSync } from "node:fs";

export function readKey(): string {
  const file = new URL("usmp.key", import.meta.url);
  if (!existsSync(file)) throw new Error("usmp.key is missing: `npx usmp keygen --out usmp.key` makes a new one");
  return readFileSync(file, "utf8").trimEnd();
}
