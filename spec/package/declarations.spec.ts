/** The built declarations against what the built package has when it runs. `npm run test:package` builds first. */
import { expect } from "chai";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";

const LIMIT_MS = 60_000;
const DIST = join(process.cwd(), "dist");
const ENTRIES = ["index", "arduino", "testing"];
const OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"],
  types: ["node"],
  strict: true,
  noEmit: true,
  skipLibCheck: true,
};

/** The names that a declaration file says are values. */
function declaredValues(file: string): string[] {
  const program = ts.createProgram([file], OPTIONS);
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
  return checker
    .getExportsOfModule(module)
    .filter((symbol) => {
      const isTypeOnly = symbol.declarations?.some(
        (node) => ts.isExportSpecifier(node) && ts.isTypeOnlyExportDeclaration(node),
      );
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      return isTypeOnly !== true && (target.flags & ts.SymbolFlags.Value) !== 0;
    })
    .map((symbol) => symbol.name)
    .sort();
}

/** What the compiler says of a program that imports the package. */
function complaints(text: string): string[] {
  const folder = mkdtempSync(join(DIST, "spec-"));
  const file = join(folder, "program.mts");
  try {
    writeFileSync(file, text);
    const program = ts.createProgram([file], OPTIONS);
    const diagnostics = program.getSemanticDiagnostics(program.getSourceFile(file));
    return diagnostics.map((each) => ts.flattenDiagnosticMessageText(each.messageText, "\n"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("package: declarations", function () {
  this.timeout(LIMIT_MS);

  for (const entry of ENTRIES) {
    it(`name the values that ${entry}.js exports, and no others`, async () => {
      const values = (await import(pathToFileURL(join(DIST, `${entry}.js`)).href)) as object;
      expect(declaredValues(join(DIST, `${entry}.d.ts`))).to.deep.equal(Object.keys(values).sort());
    });

    it(`name the values that ${entry}.cjs exports, and no others`, () => {
      const values = createRequire(import.meta.url)(join(DIST, `${entry}.cjs`)) as object;
      expect(declaredValues(join(DIST, `${entry}.d.cts`))).to.deep.equal(Object.keys(values).sort());
    });
  }

  it("let nobody make a session by hand", () => {
    expect(complaints(`import { UsmpSession } from "../index.js"; new UsmpSession();`)[0]).to.include("is private");
  });

  it("keep the library's internals out", () => {
    for (const file of readdirSync(DIST).filter((name) => /\.d\.c?ts$/.test(name))) {
      const text = readFileSync(join(DIST, file), "utf8");
      expect(text, file).not.to.match(/@internal|\b(EventLog|LifeState|SessionDriver|RunningHandlers)\b/);
      // `Print` is there to be extended, as on a board.
      expect(text.replace(/protected (abstract )?writeBytes\(/g, ""), file).not.to.match(/^ *protected /m);
    }
  });
});
