// Bundles what tsc emitted: the library for ESM and CommonJS, its types for both, and the command line.
import { chmodSync } from "node:fs";
import { join } from "node:path";
import commonjs from "@rollup/plugin-commonjs";
import nodeResolve from "@rollup/plugin-node-resolve";
import { dts } from "rollup-plugin-dts";

const LIBRARY = "build/lib/index.js";
const COMMAND_LINE = "build/lib/cli/main.js";
const BUNDLED = ["commander"];

const shared = {
  external: [/^node:/, "eventemitter3", "libsodium-wrappers"],
  onwarn(warning) {
    throw new Error(warning.message);
  },
};

/** Makes one entry a program: first line and file mode. */
function executable(entryName) {
  const isProgram = (chunk) => chunk.type !== "asset" && chunk.isEntry && chunk.name === entryName;
  return {
    name: "executable",
    renderChunk(code, chunk) {
      if (!isProgram(chunk) || code.startsWith("#!")) return null;
      return { code: `#!/usr/bin/env node\n${code}`, map: null };
    },
    writeBundle(options, bundle) {
      for (const [file, chunk] of Object.entries(bundle))
        if (isProgram(chunk)) chmodSync(join(options.dir, file), 0o755);
    },
  };
}

export default [
  {
    ...shared,
    // Both entries in one build: what they share becomes a file of its own, nothing exists twice.
    input: { index: LIBRARY, cli: COMMAND_LINE },
    plugins: [nodeResolve({ resolveOnly: BUNDLED }), commonjs(), executable("cli")],
    output: { dir: "dist", format: "es", chunkFileNames: "shared.js" },
  },
  {
    ...shared,
    input: LIBRARY,
    output: { file: "dist/index.cjs", format: "cjs", exports: "named" },
  },
  {
    ...shared,
    input: "build/lib/index.d.ts",
    plugins: [dts()],
    output: [
      { file: "dist/index.d.ts", format: "es" },
      { file: "dist/index.d.cts", format: "es" },
    ],
  },
];
