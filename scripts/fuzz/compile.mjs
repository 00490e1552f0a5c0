// Compiles library and fuzz targets to CommonJS, one file for one: what jsfuzz can instrument. Types are `npm run typecheck`'s.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

const FOLDERS = ["lib", "spec/fuzz", "spec/support"];
const OPTIONS = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023, esModuleInterop: true };

/** Compiles from `root` into `out`. */
export function compile(root, out) {
  for (const folder of FOLDERS) {
    for (const name of readdirSync(join(root, folder), { recursive: true })) {
      if (!name.endsWith(".ts") || name.endsWith(".spec.ts")) continue;
      const source = readFileSync(join(root, folder, name), "utf8");
      const { outputText } = ts.transpileModule(source, { compilerOptions: OPTIONS, fileName: name });
      const file = join(out, folder, name.replace(/\.ts$/, ".js"));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, outputText.replaceAll("import.meta.url", "__filename"));
    }
  }
  // The program finds its version under the package's own name.
  const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const manifest = { name, version, type: "commonjs", exports: { "./package.json": "./package.json" } };
  writeFileSync(join(out, "package.json"), JSON.stringify(manifest));
}
