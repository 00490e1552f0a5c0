// Compiles fuzz targets, and what of library and specs they need, to CommonJS, one file for one: what jsfuzz can instrument.
// Types are `npm run typecheck`'s business.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

const OPTIONS = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023, esModuleInterop: true };

/** Compiles `entries` and all that they import from `root` into `out`. What does not exist is left out. */
export function compile(root, out, entries) {
  const waiting = [...entries];
  const seen = new Set();
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    const source = join(root, file);
    if (seen.has(file) || !existsSync(source)) continue;
    seen.add(file);
    const { outputText } = ts.transpileModule(readFileSync(source, "utf8"), { compilerOptions: OPTIONS });
    const compiled = join(out, file.replace(/\.ts$/, ".js"));
    mkdirSync(dirname(compiled), { recursive: true });
    writeFileSync(compiled, outputText.replaceAll("import.meta.url", "__filename"));
    for (const [, path] of outputText.matchAll(/require\("(\.[^"]+)\.js"\)/g)) {
      waiting.push(join(dirname(file), `${path}.ts`));
    }
  }
  // The program finds its version under the package's own name.
  const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const manifest = { name, version, type: "commonjs", exports: { "./package.json": "./package.json" } };
  writeFileSync(join(out, "package.json"), JSON.stringify(manifest));
}
