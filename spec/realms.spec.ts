/** Values of another realm, the library within another realm, and a `Promise` that is not Node's. */
import { expect } from "chai";
import { build } from "esbuild";
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { createContext, runInContext, type Context } from "node:vm";

import { MAIN_PATHS, type Library, type Realm } from "./support/main-paths.js";
import * as library from "./support/whole-library.js";
import { PROCESS_LIMIT } from "./support/patience.js";

const MAKERS = `({
  ArrayBuffer, DataView, Date, Error, Map, Promise, Uint16Array, Uint8Array,
  asyncFunction: (step) => async () => step(),
})`;

/** What a test runner gives to each of its sandboxes: a realm of its own, and Node's globals from outside. */
function sandbox(): Context {
  const names = [
    "AbortController",
    "AbortSignal",
    "Buffer",
    "clearImmediate",
    "clearTimeout",
    "console",
    "crypto",
    "DOMException",
  ];
  names.push(
    "performance",
    "process",
    "queueMicrotask",
    "setImmediate",
    "setTimeout",
    "TextDecoder",
    "TextEncoder",
    "URL",
  );
  return createContext(Object.fromEntries(names.map((name) => [name, Reflect.get(globalThis, name)])));
}

async function libraryIn(context: Context): Promise<Library> {
  const { outputFiles } = await build({
    entryPoints: ["spec/support/whole-library.ts"],
    bundle: true,
    format: "cjs",
    platform: "node",
    // jsonc-parser's CommonJS file asks for its neighbours in a way that no bundler follows.
    mainFields: ["module", "main"],
    write: false,
    logLevel: "error",
  });
  const module = { exports: {} };
  const load = runInContext(`(function (module, exports, require) {${outputFiles[0]!.text}\n})`, context) as (
    ...args: unknown[]
  ) => void;
  load(module, module.exports, createRequire(import.meta.url));
  return module.exports as Library;
}

describe("With values of a vm context the library can", () => {
  const realm = runInContext(MAKERS, createContext()) as Realm;

  it("tell that the realm is another one", () => {
    expect(new realm.Uint8Array(1)).not.to.be.instanceOf(Uint8Array);
    expect(realm.asyncFunction(() => 1)()).not.to.be.instanceOf(Promise);
  });

  for (const [title, path] of Object.entries(MAIN_PATHS)) it(title, () => path(library, realm));
});

describe("Within a vm context the library can", () => {
  const context = sandbox();
  const realm = runInContext(MAKERS, context) as Realm;
  const outside: Realm = {
    ...{ ArrayBuffer, DataView, Date, Error, Map, Promise, Uint16Array, Uint8Array },
    asyncFunction: (step) => async () => step(),
  };
  let inside: Library;

  before(async () => {
    inside = await libraryIn(context);
  });

  for (const [title, path] of Object.entries(MAIN_PATHS)) {
    it(`${title}, all of that context`, () => path(inside, realm));
    it(`${title}, all from outside of it`, () => path(inside, outside));
  }

  it("know the errors of a copy outside of it", () => {
    expect(inside.isUsmpError(new library.UsmpError("CLOSED", "made outside"))).to.equal(true);
  });
});

describe("Under zone.js the library can", () => {
  let outcomes: ReadonlyMap<string, string>;

  before(async () => {
    const options = PROCESS_LIMIT;
    const args = ["--import", "tsx", "spec/support/zone-program.ts"];
    const { stdout } = await promisify(execFile)(process.execPath, args, options);
    outcomes = new Map(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as [string, string]),
    );
  });

  for (const title of ["tell that Promise is not Node's own", ...Object.keys(MAIN_PATHS)])
    it(title, () => expect(outcomes.get(title)).to.equal("ok"));
});
