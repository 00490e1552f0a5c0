import { createRequire } from "node:module";
import { dirname } from "node:path";

export interface OwnPackage {
  readonly folder: string;
  readonly version: string;
}

/** This package. It is looked up by name, because the bundled program is at another depth than this file. */
export function ownPackage(): OwnPackage {
  const require = createRequire(import.meta.url);
  const file = require.resolve("usmp/package.json");
  const { version } = require(file) as { version: string };
  return { folder: dirname(file), version };
}
