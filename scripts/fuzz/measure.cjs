// Runs one target over a folder of inputs, the small ones first, and says which of them reach something new in library and
// target, and how much of the library files that the target is for they reach in all.
//
//     node measure.cjs COMPILED NAME INPUTS LIBRARY_FILES
const { readdirSync, readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join, relative, sep } = require("node:path");
require("./preload.cjs");

// The very instrumenter that jsfuzz uses.
const fromJsfuzz = createRequire(require.resolve("jsfuzz/package.json"));
const { createInstrumenter } = fromJsfuzz("istanbul-lib-instrument");
const { hookRequire } = fromJsfuzz("istanbul-lib-hook");

const [compiled, name, inputs, aims] = process.argv.slice(2);
const instrumenter = createInstrumenter({ compact: true });
const counts = (file) => /^(lib|spec\/fuzz)\//.test(relative(compiled, file).split(sep).join("/"));
hookRequire(counts, (code, { filename }) => instrumenter.instrumentSync(code, filename));

const { fuzz } = require(join(compiled, "spec/fuzz/targets", `${name}.js`));

function reached() {
  let total = 0;
  for (const { s, f, b } of Object.values(globalThis.__coverage__)) {
    for (const hits of [...Object.values(s), ...Object.values(f), ...Object.values(b).flat()])
      total += hits > 0 ? 1 : 0;
  }
  return total;
}

function branches() {
  const files = aims.split(",").map((file) => join(compiled, "lib", `${file}.js`));
  const all = files.flatMap((file) => Object.values(globalThis.__coverage__[file]?.b ?? {}).flat());
  return { hit: all.filter((hits) => hits > 0).length, all: all.length };
}

(async () => {
  const files = readdirSync(inputs)
    .map((file) => ({ file, bytes: readFileSync(join(inputs, file)) }))
    .sort((a, b) => a.bytes.length - b.bytes.length || (a.file < b.file ? -1 : 1));
  const kept = [];
  for (const { file, bytes } of files) {
    const before = reached();
    await fuzz(Uint8Array.from(bytes));
    if (reached() > before) kept.push(file);
  }
  console.log(JSON.stringify({ kept, branches: branches() }));
})();
