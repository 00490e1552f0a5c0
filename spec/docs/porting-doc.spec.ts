import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as arduino from "../../lib/arduino/index.js";

const DOCUMENT = readFileSync("docs/porting.md", "utf8");
const NAMES = DOCUMENT.slice(DOCUMENT.indexOf("\n## Every name"), DOCUMENT.indexOf("\n## Back to the board"));
const EXPORTS: Readonly<Record<string, unknown>> = { ...arduino };

/** Objects of a sketch whose methods the document has as well; `usmp` is what sketches call their client. */
const OBJECTS: Readonly<Record<string, object>> = {
  usmp: arduino.USMPClient.prototype,
  Serial: arduino.Serial,
  String: arduino.String.prototype,
  EEPROM: arduino.EEPROM,
  preferences: arduino.Preferences.prototype,
  WiFi: arduino.WiFi,
  ESP: arduino.ESP,
};
/** What TypeScript asks for, and no sketch calls. */
const NOT_OF_A_SKETCH = new Set(["constructor", "toString", "valueOf", "toJSON"]);

function codeIn(text: string): string[] {
  return [...text.matchAll(/``? ?([^`]+?) ?``?/g)].map(([, code]) => code!);
}

/** The cells of each row that has three. */
function rows(): string[][] {
  return [...NAMES.matchAll(/^\|(.*)\|$/gm)]
    .map(([, row]) => row!.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    .filter(([first]) => first !== "on the board" && !/^-+$/.test(first!));
}

/** What the object itself and its classes can do, without what every object can. */
function methodsOf(object: object): string[] {
  const found = new Set<string>();
  for (let level = object; level !== Object.prototype; level = Reflect.getPrototypeOf(level)!)
    for (const name of Object.getOwnPropertyNames(level)) if (!NOT_OF_A_SKETCH.has(name)) found.add(name);
  return [...found];
}

describe("docs/porting.md", () => {
  const words = new Set(codeIn(NAMES).flatMap((code) => code.match(/[A-Za-z_]\w*/g) ?? []));

  it("has three cells in each row: on the board, here, what differs", () => {
    expect(rows()).to.have.length.above(40);
    for (const row of rows()) expect(row, row.join("|")).to.have.length(3);
  });

  it("has each name that usmp/arduino exports", () => {
    expect(Object.keys(EXPORTS).filter((name) => !words.has(name))).to.deep.equal([]);
  });

  for (const [name, object] of Object.entries(OBJECTS)) {
    it(`has each method of ${name}`, () => {
      const methods = methodsOf(object);
      expect(methods).to.not.be.empty;
      expect(methods.filter((method) => !words.has(method))).to.deep.equal([]);
    });
  }

  it("promises no name that there is not, and says where there is none", () => {
    const missing: string[] = [];
    for (const [, here] of rows() as [string, string, string][]) {
      const codes = codeIn(here);
      if (codes.length === 0) expect(here).to.equal("—");
      // After `preferences.putBool(key, value)` a bare `getBool` is its method, too.
      let last: object = {};
      for (const code of codes) {
        const [, root, member] = /^(?:if \(|new |class \w+ extends )*([A-Za-z_]\w*)(?:\.(\w+))?/.exec(code) ?? [];
        const object = OBJECTS[root!] ?? EXPORTS[root!];
        if (member !== undefined) last = Object(object) as object;
        const exists = member === undefined ? object !== undefined || root! in last : member in last;
        if (!exists) missing.push(code);
      }
    }
    expect(missing).to.deep.equal([]);
  });

  it("has each option of the virtual board in one table, and no others", () => {
    const [, members] = /^export interface VirtualBoardOptions \{\n([^]*?)^\}/m.exec(
      readFileSync("lib/testing/virtual-board.ts", "utf8"),
    ) as unknown as [string, string];
    const options = [...members.matchAll(/^ {2}readonly (\w+)\?/gm)].map(([, option]) => option);
    const section = DOCUMENT.split("\n## The virtual board\n")[1]?.split("\n## ")[0] ?? "";
    expect(options).to.include("seed");
    expect([...section.matchAll(/^\| `(\w+)` /gm)].map(([, option]) => option)).to.have.members(options);
  });

  it("has the pins of each board as they are", () => {
    const numbers = (cell: string): number[] =>
      [...cell.matchAll(/(\d+)(?:-(\d+))?/g)].flatMap(([, from, to]) =>
        Array.from({ length: Number(to ?? from) - Number(from) + 1 }, (_, index) => Number(from) + index),
      );
    const shown = [...DOCUMENT.matchAll(/^\| `(\w+_PINS)` +\|(.*)\|$/gm)];
    expect(shown.map(([, name]) => name)).to.have.members(Object.keys(EXPORTS).filter((name) => /_PINS$/.test(name)));
    for (const [, name, cells] of shown) {
      const { pins, inputOnly, analog, flash, names } = EXPORTS[name!] as arduino.PinLayout;
      const [all, inputs, measuring, taken] = cells!.split("|").map((cell) => cell.replace(/\d+ bits|\(.*\)/g, ""));
      const isLed = (pin: number): boolean => cells!.includes("RGB") && pin === names["LED_BUILTIN"];
      expect(numbers(all!), name).to.deep.equal(pins.filter((pin) => !isLed(pin)));
      expect(numbers(inputs!), name).to.deep.equal(inputOnly);
      expect(numbers(measuring!), name).to.have.members(analog);
      expect(numbers(taken!), name).to.deep.equal(flash);
    }
  });

  it("shows two sketches and their twins as they are in examples/sketches", () => {
    const shown = [
      ...DOCUMENT.matchAll(/\((\.\.\/examples\/sketches\/[\w-]+\/[\w-]+\.(?:ino|ts))\):?\n+```\w+\n([^]*?)\n```/g),
    ];
    expect(shown.map(([, path]) => path!.replace(/.*\./, ""))).to.deep.equal(["ino", "ts", "ino", "ts"]);
    for (const [, path, code] of shown)
      expect(code, path).to.equal(readFileSync(path!.replace("../", ""), "utf8").trimEnd());
  });

  it("says once that every wait is awaited, before anything else", () => {
    expect(DOCUMENT.split("Every wait is awaited")).to.have.length(2);
    expect(DOCUMENT.indexOf("Every wait is awaited")).to.be.below(DOCUMENT.indexOf("\n## "));
  });

  it("shows a test that passes, with the sketch that usmp init writes", () => {
    const [, code] = /^ {3}```ts\n([^]*?)^ {3}```$/m.exec(DOCUMENT) as unknown as [string, string];
    const template = readFileSync("templates/device/device.test.ts", "utf8");
    // Within the project, so that "usmp" means the same as in the templates.
    mkdirSync("build", { recursive: true });
    const folder = mkdtempSync(join("build", "porting-"));
    const head = template
      .slice(0, template.indexOf("/** A board that"))
      .replace("./device.ts", "../../templates/device/device.ts");
    writeFileSync(
      join(folder, "shown.test.ts"),
      `${head}\ntest("shown", async () => {\n${code}\nawait board.stop();\n});\n`,
    );
    const { status, stdout } = spawnSync(process.execPath, [
      "--import",
      "tsx",
      "--test",
      join(folder, "shown.test.ts"),
    ]);
    rmSync(folder, { recursive: true });
    expect(status, stdout.toString()).to.equal(0);
    expect(stdout.toString()).to.match(/^. pass 1$/m);
  });
});
