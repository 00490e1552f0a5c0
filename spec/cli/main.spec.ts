/** The program itself, in a process of its own. */
import { expect } from "chai";
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Transcript } from "./terminal.js";

/** As this file: TypeScript through the loader, or what tsc made of it. */
const EXTENSION = extname(import.meta.url);
const MAIN = fileURLToPath(new URL(`../../lib/cli/main${EXTENSION}`, import.meta.url));
const LOADER = EXTENSION === ".ts" ? ["--import", "tsx"] : [];

const PSK = "a key of enough text";

interface Program {
  readonly child: ChildProcessWithoutNullStreams;
  readonly out: Transcript;
  readonly err: Transcript;
  readonly exit: Promise<[exitCode: number | null, signal: string | null]>;
}

describe("the usmp program", () => {
  const programs: Program[] = [];

  afterEach(async () => {
    for (const { child, exit } of programs.splice(0)) {
      child.kill("SIGKILL");
      await exit;
    }
  });

  function start(...argv: string[]): Program {
    const child = spawn(process.execPath, [...LOADER, MAIN, ...argv], { env: { ...process.env, USMP_PSK: PSK } });
    const exit = once(child, "close") as Program["exit"];
    const program = { child, out: new Transcript(child.stdout), err: new Transcript(child.stderr), exit };
    programs.push(program);
    return program;
  }

  async function serve(): Promise<{ program: Program; port: number }> {
    const program = start("serve", "--host", "127.0.0.1", "--port", "0", "--echo");
    const [, port] = await program.out.match(/:(\d+) \(tcp\), echoing\n/);
    return { program, port: Number(port) };
  }

  it("echoes a line from one process to another, and both end well", async () => {
    const { program, port } = await serve();
    const device = start("connect", `127.0.0.1:${port}`, "--wait", "0");
    device.child.stdin.write("hello\n");
    await device.out.match(/^hello\n/);
    device.child.stdin.end();
    expect(await device.exit).to.deep.equal([0, null]);
    expect(device.out.text).to.equal("hello\n");
    program.child.kill("SIGTERM");
    expect(await program.exit).to.deep.equal([0, null]);
    expect(program.out.lines.at(-1)).to.match(/ left: .*\(BYE\)$/);
    expect(program.err.text).to.equal("");
  });

  it("ends a session with BYE at Ctrl-C, with the input still open", async () => {
    const { program, port } = await serve();
    const device = start("connect", `127.0.0.1:${port}`);
    await device.err.match(/connected/);
    device.child.kill("SIGINT");
    expect(await device.exit).to.deep.equal([0, null]);
    await program.out.match(/ left: .*\(BYE\)\n/);
  });

  it("fails with the exit code of its failure", async () => {
    const usage = start("connect");
    const failure = start("connect", "127.0.0.1:1");
    expect(await usage.exit).to.deep.equal([2, null]);
    expect(await failure.exit).to.deep.equal([1, null]);
    expect(failure.err.text).to.match(/^usmp: nothing listens on 127\.0\.0\.1:1: [^\n]*\n$/);
  });
});
