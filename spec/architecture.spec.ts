/** The picture of the layers, enforced. Each check is a function over sources, so that it can be shown to fail as well. */
import { expect } from "chai";
import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import ts from "typescript";

/** Left to right: a file imports from its own column or from one further left. */
const COLUMNS: readonly (readonly string[])[] = [
  ["errors.ts"],
  ["core"],
  ["crypto", "transport"],
  ["session"],
  ["device", "gateway"],
  ["usmp.ts"],
  ["index.ts"],
  ["arduino", "cli"],
  ["testing"],
];

/** Neighbours in one column that do not know each other. */
const STRANGERS: readonly (readonly [string, string])[] = [
  ["crypto", "transport"],
  ["device", "gateway"],
  ["arduino", "cli"],
];

/**
 * Rooms within a layer, and which rooms of that layer each one imports from. "core" alone means the files at the layer's top.
 * A room that is not listed imports from anywhere in its layer.
 */
const ROOMS: ReadonlyMap<string, readonly string[]> = new Map([
  ["core", ["core"]],
  ["core/wire", ["core", "core/wire"]],
  ["core/handshake", ["core", "core/wire", "core/handshake"]],
  ["core/session", ["core", "core/wire", "core/handshake", "core/session"]],
  ["core/stream", ["core", "core/wire", "core/handshake", "core/session", "core/stream"]],
  ["core/datagram", ["core", "core/wire", "core/handshake", "core/session", "core/datagram"]],
  ["gateway/admission", ["gateway/admission"]],
  ["gateway/keys", ["gateway/keys"]],
  ["gateway/udp", ["gateway/admission", "gateway/udp"]],
  ["testing/network", ["testing/network"]],
  ["arduino/text", ["arduino/text"]],
  ["arduino/values", ["arduino/values", "arduino/text"]],
  ["arduino/board", ["arduino/board"]],
]);

/** Platform, time, randomness and asynchrony: the core gets them as arguments, or does without. */
const NOT_IN_CORE = new Set([
  "Buffer",
  "Date",
  "Promise",
  "globalThis",
  "performance",
  "process",
  "queueMicrotask",
  "require",
  "setImmediate",
  "setInterval",
  "setTimeout",
]);

/** Where keys are made, copied and cut up: besides all of `crypto`. */
const WITH_SECRETS = new Set([
  "cli/key-source.ts",
  "core/datagram/datagram-keys.ts",
  "core/handshake/psk-verifier.ts",
  "core/handshake/key-derivation.ts",
  "core/handshake/psk.ts",
  "core/session/rekey-kdf.ts",
  "core/stream/stream-keys.ts",
  "core/secret-bytes.ts",
  "device/client.ts",
  "gateway/udp/cookies.ts",
  "gateway/keys/key-file-reader.ts",
  "gateway/keys/key-file-parser.ts",
  "gateway/keys/key-file.ts",
  "session/psk-source.ts",
]);

/** What makes memory that cannot be wiped, unless the line says that what it holds is public. */
const UNWIPED =
  /\bUint8Array\.(from|of)\(|\bnew Uint8Array\((?!new ArrayBuffer\(|\w+\.buffer, )|\bBuffer\.(concat|alloc)|\b(?!hex\b|text\b)\w+\.slice\(/;

/** Past this a person judges whether a file is two things: it is printed, and fails nothing. */
const LONG_FILE_LINES = 500;

/** File name, relative to `lib/` and with forward slashes, to source text. */
type Sources = ReadonlyMap<string, string>;

interface Import {
  readonly from: string;
  readonly specifier: string;
  /** The imported file of `lib/`, undefined for a package. */
  readonly to: string | undefined;
}

function parse(file: string, text: string): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true);
}

function visit(node: ts.Node, visitor: (node: ts.Node) => void): void {
  visitor(node);
  ts.forEachChild(node, (child) => visit(child, visitor));
}

/** The module a node names: static, re-exported, dynamic, `import x = require()` and `import("x").T` alike. */
function moduleNamed(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isExternalModuleReference(node)) return node.expression;
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return node.arguments[0];
  return undefined;
}

function resolve(from: string, specifier: string): string | undefined {
  if (specifier === "usmp") return "index.ts";
  if (!specifier.startsWith(".")) return undefined;
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, ".ts");
}

function importsOf(sources: Sources): Import[] {
  const imports: Import[] = [];
  for (const [from, text] of sources) {
    visit(parse(from, text), (node) => {
      const name = moduleNamed(node);
      if (name === undefined) return;
      const specifier = ts.isStringLiteralLike(name) ? name.text : name.getText();
      imports.push({ from, specifier, to: resolve(from, specifier) });
    });
  }
  return imports;
}

function layerOf(file: string): string {
  return file.split("/")[0] ?? file;
}

function columnOf(layer: string): number {
  return COLUMNS.findIndex((layers) => layers.includes(layer));
}

function filesOutsideLayers(sources: Sources): string[] {
  return [...sources.keys()].filter((file) => columnOf(layerOf(file)) < 0);
}

function importsOfMissingFiles(sources: Sources): string[] {
  return importsOf(sources).flatMap(({ from, specifier, to }) =>
    to === undefined || sources.has(to) ? [] : [`${from} imports ${specifier}`],
  );
}

function importsToTheRight(sources: Sources): string[] {
  return importsBetweenLayers(sources, (from, to) => columnOf(to) > columnOf(from));
}

function importsBetweenStrangers(sources: Sources): string[] {
  return importsBetweenLayers(sources, (from, to) =>
    STRANGERS.some(([a, b]) => (from === a && to === b) || (from === b && to === a)),
  );
}

/** The folder of `lib/` that a file is in, at most two levels deep. */
function roomOf(file: string): string {
  return file.split("/").slice(0, -1).slice(0, 2).join("/");
}

function importsBetweenRooms(sources: Sources): string[] {
  return importsOf(sources).flatMap(({ from, to }) => {
    if (to === undefined || layerOf(from) !== layerOf(to)) return [];
    const allowed = ROOMS.get(roomOf(from));
    return allowed === undefined || allowed.includes(roomOf(to)) ? [] : [`${from} -> ${to}`];
  });
}

/** What somebody who imports `usmp` loads of the entries that only sketches and tests ask for. */
function loadedByThePlainEntry(sources: Sources): string[] {
  const imports = importsOf(sources);
  const loaded = new Set(["index.ts"]);
  for (const file of loaded) {
    for (const { from, to } of imports) if (from === file && to !== undefined) loaded.add(to);
  }
  return [...loaded].filter((file) => ["arduino", "testing"].includes(layerOf(file)));
}

function importsOfTesting(sources: Sources): string[] {
  return importsBetweenLayers(sources, (from, to) => to === "testing" && from !== "testing");
}

function importsBetweenLayers(sources: Sources, forbidden: (from: string, to: string) => boolean): string[] {
  return importsOf(sources).flatMap(({ from, to }) =>
    to !== undefined && forbidden(layerOf(from), layerOf(to)) ? [`${from} -> ${to}`] : [],
  );
}

/** Each cycle once, as the path along which a depth-first walk met it. */
function cycles(sources: Sources): string[] {
  const neighbours = new Map<string, string[]>();
  for (const { from, to } of importsOf(sources)) {
    if (to !== undefined) neighbours.set(from, [...(neighbours.get(from) ?? []), to]);
  }
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) found.push([...path.slice(start), file].join(" -> "));
    if (start >= 0 || done.has(file)) return;
    for (const next of neighbours.get(file) ?? []) walk(next, [...path, file]);
    done.add(file);
  };
  for (const file of sources.keys()) walk(file, []);
  return found;
}

function core(sources: Sources): Sources {
  return new Map([...sources].filter(([file]) => layerOf(file) === "core"));
}

function packagesInCore(sources: Sources): string[] {
  return importsOf(core(sources)).flatMap(({ from, specifier, to }) =>
    to === undefined ? [`${from} imports ${specifier}`] : [],
  );
}

/** Whether an identifier only names a member (`pump.process`, `{ process: 1 }`), so that no global is meant. */
function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  if (ts.isQualifiedName(parent)) return parent.right === node;
  return (
    (ts.isClassElement(parent) || ts.isTypeElement(parent) || ts.isPropertyAssignment(parent)) && parent.name === node
  );
}

function isMathRandom(node: ts.Node): boolean {
  return (
    (ts.isPropertyAccessExpression(node) && node.expression.getText() === "Math" && node.name.text === "random") ||
    (ts.isElementAccessExpression(node) && node.expression.getText() === "Math")
  );
}

function impureCore(sources: Sources): string[] {
  const found: string[] = [];
  for (const [file, text] of core(sources)) {
    const source = parse(file, text);
    visit(source, (node) => {
      const forbidden =
        (ts.isIdentifier(node) && NOT_IN_CORE.has(node.text) && !isMemberName(node)) ||
        isMathRandom(node) ||
        node.kind === ts.SyntaxKind.AsyncKeyword ||
        node.kind === ts.SyntaxKind.AwaitKeyword ||
        ts.isAwaitExpression(node);
      if (!forbidden) return;
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push(`${file}:${line + 1} ${node.getText()}`);
    });
  }
  return found;
}

function unwipedSecrets(sources: Sources): string[] {
  return [...sources].flatMap(([file, text]) => {
    if (layerOf(file) !== "crypto" && !WITH_SECRETS.has(file)) return [];
    return text
      .split("\n")
      .map((line, index) => ({ line: line.trim(), where: `${file}:${index + 1}` }))
      .filter(({ line }) => !/^(\*|\/\*|\/\/)/.test(line) && !line.endsWith("// public") && UNWIPED.test(line))
      .map(({ line, where }) => `${where} ${line}`);
  });
}

function longFiles(sources: Sources): string[] {
  return [...sources].flatMap(([file, text]) => {
    const lines = text.replace(/\n$/, "").split("\n").length;
    return lines > LONG_FILE_LINES ? [`${file} has ${lines} lines`] : [];
  });
}

function misnamedFiles(sources: Sources): string[] {
  const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*$/;
  return [...sources.keys()].filter(
    (file) =>
      !file
        .replace(/\.ts$/, "")
        .split("/")
        .every((part) => kebabCase.test(part)),
  );
}

/** From the working directory, which is the package's in every script: compiled specs lie elsewhere than their sources. */
function readLibrary(): Sources {
  const files = readdirSync("lib", { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".ts"));
  return new Map(files.sort().map((file) => [file, readFileSync(`lib/${file}`, "utf8")]));
}

describe("architecture", () => {
  const library = readLibrary();

  /** Runs `check` on the library, where it finds nothing, and on a violation, where it finds `expected`. */
  function rule(
    title: string,
    check: (sources: Sources) => string[],
    violation: object,
    expected: readonly string[],
  ): void {
    it(title, () => {
      expect(check(library)).to.deep.equal([]);
      expect(check(new Map(Object.entries(violation) as [string, string][]))).to.deep.equal(expected);
    });
  }

  it("finds the library", () => {
    expect([...library.keys()]).to.include("errors.ts");
  });

  rule(
    "knows the layer of every file",
    filesOutsideLayers,
    { "core/wire/frame.ts": "", "misc/frame.ts": "", "frame.ts": "" },
    ["misc/frame.ts", "frame.ts"],
  );

  rule(
    "resolves every import of a file",
    importsOfMissingFiles,
    { "core/wire/frame.ts": `import "./gone.js"; import "../../errors.js"; import "chai";`, "errors.ts": "" },
    ["core/wire/frame.ts imports ./gone.js"],
  );

  rule(
    "imports only from the left",
    importsToTheRight,
    {
      "errors.ts": `import type { Frame } from "./core/frame.js";`,
      "core/wire/frame.ts": `import "../../errors.js"; export * from "../../session/driver.js";`,
      "crypto/node.ts": `import "../core/frame.js"; import { type A } from "../session/driver.js";`,
      "session/driver.ts": `import "./pump.js"; type Client = import("../device/client.js").Client;`,
      "device/client.ts": `const facade = await import("../usmp.js");`,
      "gateway/server.ts": `import { Usmp } from "usmp";`,
      "usmp.ts": `import "./device/client.js"; import index = require("./index.js");`,
      "browser.ts": `export type { Cli } from "./cli/main.js";`,
      "cli/main.ts": `import "../errors.js"; import "../index.js"; import "commander";`,
    },
    [
      "errors.ts -> core/frame.ts",
      "core/wire/frame.ts -> session/driver.ts",
      "crypto/node.ts -> session/driver.ts",
      "session/driver.ts -> device/client.ts",
      "device/client.ts -> usmp.ts",
      "gateway/server.ts -> index.ts",
      "usmp.ts -> index.ts",
      "browser.ts -> cli/main.ts",
    ],
  );

  rule(
    "keeps crypto and transport, device and gateway, sketches and the program apart",
    importsBetweenStrangers,
    {
      "crypto/node.ts": `import type { Link } from "../transport/transport.js";`,
      "transport/tcp.ts": `import "../crypto/node.js"; import "./transport.js"; import "../core/clock.js";`,
      "device/client.ts": `export { limits } from "../gateway/limits.js";`,
      "gateway/server.ts": `import "../device/client.js"; import "../crypto/node.js";`,
      "cli/init.ts": `import { runSketch } from "../arduino/index.js";`,
    },
    [
      "crypto/node.ts -> transport/transport.ts",
      "transport/tcp.ts -> crypto/node.ts",
      "device/client.ts -> gateway/limits.ts",
      "gateway/server.ts -> device/client.ts",
      "cli/init.ts -> arduino/index.ts",
    ],
  );

  rule(
    "lets a room import only from the rooms below it: no arrow out of wire/ upward, none between stream/ and datagram/",
    importsBetweenRooms,
    {
      "core/wire/frame.ts": `import "../fifo.js"; import "../session/keepalive.js";`,
      "core/fifo.ts": `import "./wire/bytes.js";`,
      "core/stream/stream-session.ts": `import "../session/keepalive.js"; import "../datagram/replay-window.js";`,
      "core/datagram/datagram-session.ts": `import "../stream/stream-session.js"; import "../wire/frame.js";`,
      "gateway/keys/key-file.ts": `import "../server.js"; import "../../session/options.js";`,
      "gateway/server.ts": `import "./keys/key-file.js";`,
      "arduino/board/board.ts": `import "./pins.js"; import "../../core/clock.js"; import { Life } from "../sketch/life.js";`,
      "arduino/board/pins.ts": `import { HIGH } from "../constants.js";`,
      "arduino/text/string.ts": `import "./printf.js"; import "../board/board.js";`,
      "arduino/values/struct.ts": `import "../text/printf.js"; import "../board/board.js";`,
      "arduino/sketch/sketch-boot-cycle.ts": `import "../board/board.js"; import "../constants.js";`,
      "arduino/time.ts": `import "./sketch/life.js";`,
    },
    [
      "core/wire/frame.ts -> core/session/keepalive.ts",
      "core/fifo.ts -> core/wire/bytes.ts",
      "core/stream/stream-session.ts -> core/datagram/replay-window.ts",
      "core/datagram/datagram-session.ts -> core/stream/stream-session.ts",
      "gateway/keys/key-file.ts -> gateway/server.ts",
      "arduino/board/board.ts -> arduino/sketch/life.ts",
      "arduino/board/pins.ts -> arduino/constants.ts",
      "arduino/text/string.ts -> arduino/board/board.ts",
      "arduino/values/struct.ts -> arduino/board/board.ts",
    ],
  );

  rule(
    "loads nothing of usmp/arduino and usmp/testing for somebody who imports usmp",
    loadedByThePlainEntry,
    {
      "index.ts": `export { Usmp } from "./usmp.js";`,
      "usmp.ts": `const { runSketch } = await import("./arduino/index.js");`,
      "arduino/index.ts": `import "../core/frame.js"; import "./time.js";`,
      "arduino/time.ts": `import "../testing/clock.js";`,
    },
    ["arduino/index.ts", "arduino/time.ts", "testing/clock.ts"],
  );

  rule(
    "leaves lib/testing to tests",
    importsOfTesting,
    { "cli/main.ts": `import "../testing/clock.js";`, "testing/clock.ts": `import "./pair.js"; import "../usmp.js";` },
    ["cli/main.ts -> testing/clock.ts"],
  );

  rule(
    "has no import cycle, type imports included",
    cycles,
    {
      "core/a.ts": `import type { B } from "./b.js"; import "./d.js";`,
      "core/b.ts": `export type { C } from "./c.js"; import "./d.js";`,
      "core/c.ts": `import { type A } from "./a.js";`,
      "core/d.ts": `import "../errors.js";`,
      "core/self.ts": `import "./self.js";`,
    },
    ["core/a.ts -> core/b.ts -> core/c.ts -> core/a.ts", "core/self.ts -> core/self.ts"],
  );

  rule(
    "imports neither node: nor a package in core",
    packagesInCore,
    {
      "core/wire/frame.ts": `import type { Socket } from "node:net"; import { EventEmitter } from "eventemitter3"; import "./crc16.js";`,
      "crypto/node.ts": `import "node:crypto";`,
    },
    ["core/wire/frame.ts imports node:net", "core/wire/frame.ts imports eventemitter3"],
  );

  rule(
    "uses no time, randomness, platform or promise in core",
    impureCore,
    {
      "core/allowed.ts": `/** No Date.now, no Buffer. */ pump.process(1); interface Pump { process(): void } const floor = Math.floor(1.5);`,
      "core/time.ts": `Date.now();\nperformance.now();\nsetTimeout(f, 1);\nglobalThis.setInterval(f, 1);`,
      "core/platform.ts": `const b: Buffer = f();\nprocess.exit();\nconst random = Math.random();\nMath["random"]();`,
      "core/promise.ts": `let p: Promise<void>;\nconst f = async () => {};\nfor await (const x of y);\nawait p;\nconst o = { process };`,
      "session/driver.ts": `setTimeout(f, Date.now());`,
    },
    [
      "core/time.ts:1 Date",
      "core/time.ts:2 performance",
      "core/time.ts:3 setTimeout",
      "core/time.ts:4 globalThis",
      "core/platform.ts:1 Buffer",
      "core/platform.ts:2 process",
      "core/platform.ts:3 Math.random",
      `core/platform.ts:4 Math["random"]`,
      "core/promise.ts:1 Promise",
      "core/promise.ts:2 async",
      "core/promise.ts:3 await",
      "core/promise.ts:4 await p",
      "core/promise.ts:5 process",
    ],
  );

  rule(
    "keeps secrets in memory that can be wiped",
    unwipedSecrets,
    {
      "core/handshake/psk.ts": `Uint8Array.from(psk);\nnew Uint8Array(32);\nnew Uint8Array(psk);\nkey.slice(0, 32);\nBuffer.concat([a]);`,
      "crypto/node.ts": `secretBytes(32);\nhex.slice(2);\nnew Uint8Array(new ArrayBuffer(3));\nnew Uint8Array(a.buffer, 1, 2);\nUint8Array.of(9); // public`,
      "core/wire/frame.ts": `new Uint8Array(32);`,
    },
    [
      "core/handshake/psk.ts:1 Uint8Array.from(psk);",
      "core/handshake/psk.ts:2 new Uint8Array(32);",
      "core/handshake/psk.ts:3 new Uint8Array(psk);",
      "core/handshake/psk.ts:4 key.slice(0, 32);",
      "core/handshake/psk.ts:5 Buffer.concat([a]);",
    ],
  );

  it("knows the files with secrets by their names", () => {
    expect([...WITH_SECRETS].filter((file) => !library.has(file))).to.deep.equal([]);
  });

  it(`prints each file of more than ${LONG_FILE_LINES} lines`, () => {
    for (const file of longFiles(library)) console.log(`      ${file}: is it two things?`);
    const limit = "//\n".repeat(LONG_FILE_LINES);
    const sources = { "core/at-limit.ts": limit, "core/long.ts": `${limit}//\n` };
    expect(longFiles(new Map(Object.entries(sources)))).to.deep.equal(["core/long.ts has 501 lines"]);
  });

  rule(
    "names files and folders in kebab-case",
    misnamedFiles,
    {
      "core/datagram/replay-window.ts": "",
      "core/wire/crc16.ts": "",
      "core/replayWindow.ts": "",
      "Core/frame.ts": "",
      "core/a_b.ts": "",
    },
    ["core/replayWindow.ts", "Core/frame.ts", "core/a_b.ts"],
  );
});
