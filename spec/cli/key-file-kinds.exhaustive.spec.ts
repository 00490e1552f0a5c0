/** What `--psk-file` and `--keys` may be given besides an ordinary file, to the program as a process. */
import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { constants as files, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, closeSync } from "node:fs";
import { createServer } from "node:net";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { COMMAND, eventually, PATIENCE_MS, processOne, Programs, childOf, PSK, type Program } from "./program.js";

/** A connection attempt to a port where nothing listens: the key was good. */
const DIALLED = /^usmp: nothing listens on 127\.0\.0\.1:1: [^\n]*\n$/;

(process.platform === "win32" ? describe.skip : describe)("a key file of another kind", () => {
  const programs = new Programs();
  let folder: string;
  const at = (name: string): string => join(folder, name);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "usmp-spec-"));
  });

  afterEach(async () => {
    await programs.end();
    rmSync(folder, { recursive: true });
  });

  const connect = (file: string): Program =>
    programs.start(["connect", "127.0.0.1:1", "--psk-file", file], { env: {} });

  async function said(program: Program): Promise<string> {
    await program.exit;
    return program.err.text;
  }

  function pipe(): string {
    expect(spawnSync("mkfifo", ["-m", "600", at("pipe")]).status).to.equal(0);
    return at("pipe");
  }

  function writeKey(content: string | Uint8Array): string {
    writeFileSync(at("key"), content, { mode: 0o600 });
    return at("key");
  }

  it("may be a pipe whose writer comes later", async () => {
    const program = connect(pipe());
    // Opened by its reader, it can be opened for writing at once.
    const fd = await openForWriting(at("pipe"));
    writeFileSync(fd, `${PSK}\n`);
    closeSync(fd);
    expect(await said(program)).to.match(DIALLED);
  });

  it("may be the output of another program, as in <(...)", () => {
    const line = `${COMMAND.map((word) => `'${word}'`).join(" ")} connect 127.0.0.1:1 --psk-file <(echo '${PSK}')`;
    const { stderr } = spawnSync("bash", ["-c", line], { encoding: "utf8", timeout: PATIENCE_MS });
    expect(stderr).to.match(DIALLED);
  });

  it("may be standard input: a socket, a pipe or a file", async () => {
    const program = connect("/dev/stdin");
    program.child.stdin?.end(`${PSK}\n`);
    expect(await said(program)).to.match(DIALLED);
    const command = `${COMMAND.map((word) => `'${word}'`).join(" ")} connect 127.0.0.1:1 --psk-file /dev/stdin`;
    for (const line of [`echo '${PSK}' | ${command}`, `${command} < '${writeKey(PSK)}'`]) {
      const { stderr } = spawnSync("sh", ["-c", line], { encoding: "utf8", timeout: PATIENCE_MS });
      expect(stderr, line).to.match(DIALLED);
    }
  });

  for (const [what, make, says] of [
    ["a directory", () => folder, "it is a directory"],
    ["a device", () => "/dev/zero", "it is a device"],
    ["a sparse file of 300 MB", () => (writeKey(""), truncateSync(at("key"), 300e6), at("key")), "larger than"],
    ["UTF-16 text", () => writeKey(Buffer.from(`\ufeff${PSK}`, "utf16le")), "it is UTF-16 text; save it as UTF-8"],
    ["text with a NUL byte", () => writeKey(`${PSK}\0`), "it holds a NUL byte"],
  ] as const) {
    it(`may not be ${what}, neither with one key nor with many (case 80)`, async () => {
      const file = make();
      for (const program of [connect(file), programs.start(["serve", "--port", "0", "--keys", file], { env: {} })]) {
        expect(await program.exit).to.deep.equal([2, null]);
        expect(program.err.text)
          .to.match(/^usmp: [^\n]*\n$/)
          .and.to.contain(says);
      }
    });
  }

  it("may not be a socket (case 80)", async () => {
    const server = createServer().listen(at("socket"));
    await once(server, "listening");
    expect(await said(connect(at("socket")))).to.contain("it is a socket");
    server.close();
  });

  it("may not be an endless stream: reading stops at the bound (case 80)", async () => {
    const program = connect("/dev/stdin");
    program.child.stdin?.on("error", () => {});
    program.child.stdin?.write(Buffer.alloc(200_000, "x"));
    expect(await program.exit).to.deep.equal([2, null]);
    expect(program.err.text).to.contain("it is larger than 64 KiB");
  });

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    it(`may be waited for until ${signal}, which ends the program at once (case 80)`, async () => {
      const program = connect(pipe());
      // It has opened the pipe: otherwise this would fail.
      const fd = await openForWriting(at("pipe"));
      program.child.kill(signal);
      const [exitCode, by] = await program.exit;
      closeSync(fd);
      expect(by === signal || exitCode === 128 + constants.signals[signal], `${exitCode} ${by}`).to.equal(true);
    });
  }

  it("may be waited for until SIGTERM as process 1 of a container, too (case 80)", async function () {
    const unshare = process.platform === "linux" ? processOne() : null;
    if (unshare === null) return this.skip();
    const wrap = (command: readonly string[]): readonly string[] => [...unshare, ...command];
    const program = programs.start(["serve", "--port", "0", "--psk-file", pipe()], { env: {}, wrap });
    const fd = await openForWriting(at("pipe"));
    process.kill(childOf(program), "SIGTERM");
    expect(await program.exit).to.deep.equal([143, null]);
    closeSync(fd);
  });
});

/** Opens a pipe once it has a reader; before that the system refuses. */
function openForWriting(path: string): Promise<number> {
  return eventually(() => {
    try {
      return openSync(path, files.O_WRONLY | files.O_NONBLOCK);
    } catch {
      return null;
    }
  });
}
