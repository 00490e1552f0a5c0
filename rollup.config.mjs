// Bundles what tsc emitted: the library for ESM and CommonJS, its types for both, and the command line.
import { chmodSync } from "node:fs";
import { join } from "node:path";
import commonjs from "@rollup/plugin-commonjs";
import nodeResolve from "@rollup/plugin-node-resolve";
import { dts } from "rollup-plugin-dts";

/** What programs import: `usmp`, `usmp/arduino`, `usmp/testing`. */
const LIBRARY = {
  index: "build/lib/index.js",
  arduino: "build/lib/arduino/index.js",
  testing: "build/lib/testing/index.js",
};
const TYPES = Object.fromEntries(Object.entries(LIBRARY).map(([name, file]) => [name, file.replace(/\.js$/, ".d.ts")]));
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
    // All entries in one build: what they share becomes files of its own, nothing exists twice.
    input: { ...LIBRARY, cli: COMMAND_LINE },
    plugins: [nodeResolve({ resolveOnly: BUNDLED }), commonjs(), executable("cli")],
    output: { dir: "dist", format: "es", chunkFileNames: "shared-[hash].js" },
  },
  {
    ...shared,
    input: LIBRARY,
    output: {
      dir: "dist",
      format: "cjs",
      exports: "named",
      entryFileNames: "[name].cjs",
      chunkFileNames: "shared-[hash].cjs",
    },
  },
  {
    ...shared,
    input: TYPES,
    plugins: [dts()],
    output: [
      { dir: "dist", format: "es", entryFileNames: "[name].d.ts", chunkFileNames: "shared-[hash].d.ts" },
      { dir: "dist", format: "es", entryFileNames: "[name].d.cts", chunkFileNames: "shared-[hash].d.cts" },
    ],
  },
];
