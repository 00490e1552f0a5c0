/**
 * What `usmp init` writes, from the packed package, as a user has it: installed, tested and run. Needs a package registry;
 * `npm run test:package` builds first.
 */
import { expect } from "chai";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Transcript } from "../cli/terminal.js";

const WINDOWS = process.platform === "win32";
/** A download over a slow line. */
const INSTALL_LIMIT_MS = 180_000;
/** npm, a loader and a program have to start, on a machine that has other things to do. */
const START_LIMIT_MS = 20_000;

type Exit = readonly [exitCode: number | null, signal: string | null];

/** A program with those that it starts, in a process group of its own: what a terminal's Ctrl-C reaches. */
class Program {
  readonly out: Transcript;
  readonly err: Transcript;
  readonly exit: Promise<Exit>;
  readonly #child;

  constructor(folder: string, command: readonly string[]) {
    const [program, ...args] = command as readonly [string, ...string[]];
    this.#child = spawn(program, args, { cwd: folder, detached: !WINDOWS, shell: WINDOWS });
    this.out = new Transcript(this.#child.stdout);
    this.err = new Transcript(this.#child.stderr);
    this.exit = once(this.#child, "close") as unknown as Promise<Exit>;
  }

  type(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  signal(name: "SIGINT" | "SIGKILL"): void {
    try {
      process.kill(WINDOWS ? this.#child.pid! : -this.#child.pid!, name);
    } catch {
      // It has ended already.
    }
  }
}

describe("a project that usmp init wrote, from the packed package", () => {
  const running: Program[] = [];
  let parent: string;
  let project: string;
  let tarball: string;

  function start(folder: string, command: readonly string[]): Program {
    const started = new Program(folder, command);
    running.push(started);
    return started;
  }

  /** Runs npm to its end; what it printed. */
  async function npmPasses(folder: string, ...args: string[]): Promise<string> {
    const { exit, out, err } = start(folder, ["npm", ...args]);
    expect(await exit, `npm ${args.join(" ")}\n${out.text}${err.text}`).to.deep.equal([0, null]);
    return out.text;
  }

  before(async function () {
    this.timeout(3 * INSTALL_LIMIT_MS);
    parent = realpathSync(mkdtempSync(join(tmpdir(), "usmp-package-")));
    project = join(parent, "my-device");
    // Not above the project: what it forgot to install must not be found there.
    const tools = join(parent, "tools");
    mkdirSync(tools);
    const packed = await npmPasses(process.cwd(), "pack", "--ignore-scripts", "--silent", "--pack-destination", parent);
    tarball = join(parent, packed.trim());
    await npmPasses(tools, "install", "--no-audit", "--no-fund", tarball);
    const said = await npmPasses(tools, "exec", "--no", "--", "usmp", "init", "../my-device");
    expect(said).to.contain("npm run gateway");
    // As a user would who has this package as a file: the other dependencies come from the registry.
    await npmPasses(project, "install", "--no-audit", "--no-fund", tarball);
  });

  afterEach(async () => {
    for (const program of running.splice(0)) {
      program.signal("SIGKILL");
      await program.exit;
    }
  });

  after(() => rmSync(parent, { recursive: true, force: true }));

  it("passes its test", async () => {
    expect(await npmPasses(project, "test")).to.match(/^. pass [1-9]\d*\n. fail 0$/m);
  });

  for (const [what, before, broken] of [
    ["does not switch the light", "digitalWrite(LED_BUILTIN, HIGH)", "void 0"],
    ["takes the button the wrong way round", "button === LOW &&", "button === HIGH &&"],
    ["forgets an integer division", "Math.floor(millis() / 1000)", "millis() / 1000"],
    ["forgets that millis() wraps", "uint32_t(millis() - lastReportMs)", "millis() - lastReportMs"],
    ["forgets an await", "await delay(LOOK_EVERY_MS)", "void delay(LOOK_EVERY_MS)"],
  ] as const) {
    it(`fails its test where the sketch ${what}`, async () => {
      const file = join(project, "device.ts");
      const sketch = readFileSync(file, "utf8");
      expect(sketch).to.contain(before);
      writeFileSync(file, sketch.replace(before, broken));
      try {
        const { exit, out } = start(project, ["npm", "test"]);
        expect(await exit).to.not.deep.equal([0, null]);
        expect(out.text).to.match(/^. fail [1-9]\d*$/m);
      } finally {
        writeFileSync(file, sketch);
      }
    });
  }

  it("passes its linter", async () => {
    await npmPasses(project, "run", "lint");
  });

  for (const [what, file, before, broken] of [
    ["an await is missing", "device.ts", "await delay(LOOK_EVERY_MS)", "delay(LOOK_EVERY_MS)"],
    ["an await is hidden by void", "device.ts", "await delay(LOOK_EVERY_MS)", "void delay(LOOK_EVERY_MS)"],
    ["a callback waits", "device.ts", "usmp.onConnect(() => {", "usmp.onConnect(async () => {\n      await delay(1);"],
    ["an await is missing in the test", "device.test.ts", "await board.advance(120_000)", "board.advance(120_000)"],
  ] as const) {
    it(`fails its linter where ${what}`, async () => {
      const path = join(project, file);
      const text = readFileSync(path, "utf8");
      expect(text).to.contain(before);
      writeFileSync(path, text.replace(before, broken));
      try {
        const { exit, out } = start(project, ["npm", "run", "lint"]);
        expect(await exit).to.not.deep.equal([0, null]);
        expect(out.text).to.match(/@typescript-eslint\/no-(?:floating|misused)-promises/);
      } finally {
        writeFileSync(path, text);
      }
    });
  }

  it("has types that fit", async () => {
    await npmPasses(project, "run", "typecheck");
  });

  for (const [how, gatewayCommand, deviceCommand, ends] of [
    // npm itself ends by the signal, whatever its program does.
    ["by npm", ["npm", "run", "gateway", "--"], ["npm", "start", "--"], [null, "SIGINT"]],
    ["by node", ["node", "--import", "tsx", "gateway.ts"], ["node", "--import", "tsx", "device.ts"], [0, null]],
  ] as const) {
    it(`talks over a real connection, and Ctrl-C ends both sides in good order: run ${how}`, async () => {
      const gateway = start(project, [...gatewayCommand, "0"]);
      const [, port] = await gateway.out.match(/listening on port (\d+);/, START_LIMIT_MS);
      const device = start(project, [...deviceCommand, "127.0.0.1", port!]);
      await device.out.match(/^connected\r?$/m, START_LIMIT_MS);
      await gateway.out.match(/ connected\n.* > "hello"\n/);
      gateway.type("on");
      await gateway.out.match(/ > "light on"\n/);
      await device.out.match(/^the light is on\r?$/m);

      device.signal("SIGINT");
      expect(await device.exit, device.err.text).to.deep.equal(ends);
      await gateway.out.match(/ left: BYE\n/);
      gateway.signal("SIGINT");
      expect(await gateway.exit, gateway.err.text).to.deep.equal(ends);
      expect([device.err.text, gateway.err.text]).to.deep.equal(["", ""]);
    });
  }
});
