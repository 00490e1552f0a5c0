// Says how large the library is for who loads it over a network: minified and gzipped, without its two dependencies.
// The goal is for the library "without crypto": so what only ties Node's and libsodium's to it, lib/crypto, is left out as well.
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const LEFT_OUT = ["eventemitter3", "libsodium-wrappers", "*/crypto/index.js"];
const GOAL = "12 KiB";

/** What a program imports, as it would write it. */
const PROGRAMS = {
  "all of it": `export * from "./index.js"`,
  "the facade": `export { Usmp } from "./index.js"`,
  "a device over TCP": `export { UsmpClient, TcpTransport } from "./index.js"`,
  "a gateway over TCP": `export { UsmpServer, TcpTransport } from "./index.js"`,
};

async function gzippedLength(program) {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: "build/lib" },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    external: LEFT_OUT,
    write: false,
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

const sizes = [];
for (const [name, program] of Object.entries(PROGRAMS)) {
  sizes.push(`${name} ${((await gzippedLength(program)) / 1024).toFixed(1)} KiB`);
}
console.log(`size without crypto, minified and gzipped (goal: ${GOAL}): ${sizes.join(", ")}`);
