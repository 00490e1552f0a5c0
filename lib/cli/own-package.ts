import { createRequire } from "node:module";
import { dirname } from "node:path";

export interface OwnPackage {
  readonly folder: string;
  readonly version: string;
}

/** This package, found by its own name: the program is bundled to another depth than its files have here. */
export function ownPackage(): OwnPackage {
  const require = createRequire(import.meta.url);
  const file = require.resolve("usmp/package.json");
  const { version } = require(file) as { version: string };
  return { folder: dirname(file), version };
}
