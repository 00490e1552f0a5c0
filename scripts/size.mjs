// Measures what a program downloads that imports this library, minified and gzipped, and fails past the budgets. `--files` lists what the
// bytes come from. Left out: the two dependencies, and lib/crypto, which only ties Node's and libsodium's cryptography to the rest.
import { dirname, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const LEFT_OUT = ["eventemitter3", "libsodium-wrappers", "*/crypto/index.js"];

/** What a program imports, as it would write it, and how many KiB that may be. Raise a budget only with a reason in the commit. */
const PROGRAMS = {
  everything: { imports: `export * from "./index.js"`, budgetKiB: 56 },
  "the facade": { imports: `export { Usmp } from "./index.js"`, budgetKiB: 47 },
  "a device over TCP": { imports: `export { UsmpClient, TcpTransport } from "./index.js"`, budgetKiB: 31 },
  "a gateway over TCP": { imports: `export { UsmpServer, TcpTransport } from "./index.js"`, budgetKiB: 37 },
};

/** The size in KiB, and the minified bytes of each file. */
async function measure(imports) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: imports, resolveDir: "build/lib" },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    mainFields: ["module", "main"], // as rollup bundles dependencies
    external: LEFT_OUT,
    metafile: true,
    write: false,
  });
  const [{ inputs }] = Object.values(metafile.outputs);
  const files = Object.entries(inputs).map(([file, { bytesInOutput }]) => [file, bytesInOutput]);
  return { kib: gzipSync(outputFiles[0].contents, { level: 9 }).length / 1024, files };
}

/** Minified bytes, and their share, by folder and by file. */
function list(files) {
  const folders = new Map();
  for (const [file, bytes] of files) {
    const folder = dirname(relative("build/lib", file));
    folders.set(folder, (folders.get(folder) ?? 0) + bytes);
  }
  const total = files.reduce((sum, [, bytes]) => sum + bytes, 0);
  for (const group of [[...folders], files]) {
    for (const [name, bytes] of group.toSorted(([, a], [, b]) => b - a)) {
      if (bytes > 0)
        console.log(`${String(bytes).padStart(9)} ${((100 * bytes) / total).toFixed(1).padStart(5)} %  ${name}`);
    }
  }
}

for (const [name, { imports, budgetKiB }] of Object.entries(PROGRAMS)) {
  const { kib, files } = await measure(imports);
  console.log(`${name}: ${kib.toFixed(1)} KiB minified and gzipped, of ${budgetKiB} KiB`);
  if (process.argv.includes("--files")) list(files);
  if (kib > budgetKiB) {
    console.error(`${name} is over its budget: "node scripts/size.mjs --files" lists what it is made of`);
    process.exitCode = 1;
  }
}
