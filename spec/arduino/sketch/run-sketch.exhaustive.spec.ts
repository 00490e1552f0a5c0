import { expect } from "chai";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { delay, runSketch } from "../../../lib/arduino/index.js";
import { childOf, processOne } from "../../cli/program.js";
import { killUntilEnd } from "../../support/kill-until-end.js";
import { PROCESS_LIMIT } from "../../support/patience.js";

/** As this file: TypeScript through the loader, or what tsc made of it. */
const EXTENSION = extname(import.meta.url);
const PROGRAM = fileURLToPath(new URL(`../../support/sketch-program${EXTENSION}`, import.meta.url));
const LOADER = EXTENSION === ".ts" ? ["--import", "tsx"] : [];

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: string | null;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

interface Running {
  readonly pid: number;
  readonly exit: Promise<unknown>;
}

function killed(signal: NodeJS.Signals): (running: Running) => void {
  return ({ pid }) => void process.kill(pid, signal);
}

function killedUntilEnd(signal: NodeJS.Signals): (running: Running) => void {
  return ({ pid, exit }) => void killUntilEnd(pid, signal, exit);
}

/** Runs a sketch as a program; `onReady` when it has said so. `wrap`: the command that runs it in a child of its own. */
async function program(
  name: string,
  onReady: (running: Running) => void = () => {},
  wrap: readonly string[] = [],
): Promise<Ended> {
  const [command, ...args] = [...wrap, process.execPath, ...LOADER, PROGRAM, name] as unknown as [string, ...string[]];
  const child = spawn(command, args, PROCESS_LIMIT);
  const exit = once(child, "exit");
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    const wasReady = stdout.includes("ready");
    stdout += chunk.toString();
    if (!wasReady && stdout.includes("ready"))
      onReady({ pid: wrap.length > 0 ? childOf({ child }) : (child.pid as number), exit });
  });
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  return { stdout, stderr, code, signal };
}

describe("arduino/sketch/run-sketch", () => {
  it("tells of a loop that throws, with its line, says BYE and ends with exit code 1", async () => {
    const { stdout, stderr, code } = await program("throws in loop");
    expect(stderr).to.match(/^The sketch failed in loop\(\): no sensor\n {4}at \/.*sketch-program\.[tj]s:\d+:\d+\n$/);
    expect(stdout).to.equal("ready\ngateway: BYE\nleft\n");
    expect(code).to.equal(1);
  });

  for (const [name, message] of [
    ["throws in setup", /^The sketch failed in setup\(\): pin 99 does not exist.*\n {4}at .*sketch-program/],
    ["forgets await", /^The sketch failed in loop\(\): went on while delay\(100\).*\n {4}at .*sketch-program/],
    ["rejects unheard", /^The sketch failed in a promise that nobody awaits: unheard\n {4}at .*sketch-program/],
    ["throws in a timer", /^The sketch failed in a callback of Node's: too late\n {4}at .*sketch-program/],
  ] as const) {
    it(`ends a sketch that ${name} with exit code 1 and its line`, async () => {
      const { stdout, stderr, code } = await program(name);
      expect(stderr).to.match(message);
      expect([stdout, code]).to.deep.equal(["left\n", 1]);
    });
  }

  (process.platform === "win32" ? describe.skip : describe)("when a signal stops it", () => {
    for (const signal of SIGNALS) {
      it(`says BYE on ${signal}, also if it arrives twice, and leaves nothing open`, async () => {
        const ended = await program("runs on over UDP", (running) => {
          killed(signal)(running);
          killed(signal)(running);
        });
        expect(ended).to.deep.equal({ stdout: "ready\ngateway: BYE\nleft\n", stderr: "", code: 0, signal: null });
      });

      it(`ends at once on a second ${signal}, with 128 and its number`, async () => {
        const { stdout, code } = await program("does not close", killedUntilEnd(signal));
        expect([stdout, code]).to.deep.equal(["ready\n", 128 + constants.signals[signal]]);
      });
    }

    it("ends at once on a second signal as process 1 of a container", async function () {
      const unshare = process.platform === "linux" ? processOne() : null;
      if (unshare === null) this.skip();
      const { code } = await program("does not close", killedUntilEnd("SIGTERM"), unshare);
      expect(code).to.equal(143);
    });

    it("ends at once on the first signal if it was called off before", async () => {
      const { stdout, code } = await program("is called off, does not close", killed("SIGTERM"));
      expect([stdout, code]).to.deep.equal(["ready\n", 143]);
    });
  });

  it("begins life after life, and ends where it sleeps for good", async () => {
    const { stdout, code } = await program("lives three times");
    expect([stdout, code]).to.deep.equal(["1 power\n2 restart\n3 timer\nleft\n", 0]);
  });

  it("lets what an old life left behind come to nothing", async () => {
    const { stdout, stderr, code } = await program("leaves a timer behind");
    expect([stdout, stderr, code]).to.deep.equal(["life 1\nlife 2\nleft\n", "", 0]);
  });

  it("runs nothing where it was called off before", async () => {
    let ran = false;
    await runSketch({ setup: () => (ran = true) }, { signal: AbortSignal.abort() });
    expect(ran).to.equal(false);
  });

  it("ends where it is called off in the middle of a wait, and takes its listeners away", async () => {
    const stop = new AbortController();
    const events = [...SIGNALS, "unhandledRejection", "uncaughtException"];
    const count = (): number => events.reduce((sum, event) => sum + process.listenerCount(event), 0);
    const before = count();
    let ended = false;
    const running = runSketch(
      {
        async setup() {
          queueMicrotask(() => stop.abort());
          await delay(60_000);
          ended = true;
        },
      },
      { signal: stop.signal },
    );
    expect(count()).to.equal(before + 5);
    await running;
    expect([count(), ended]).to.deep.equal([before, false]);
  });
});
