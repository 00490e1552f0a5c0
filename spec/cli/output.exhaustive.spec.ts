/** Output that cannot be written, in this process and as the program. */
import { expect } from "chai";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { Output } from "../../lib/cli/output.js";
import { PATIENCE_MS, Programs } from "./program.js";

describe("Output", () => {
  /** A stream whose writes fail with `code`, and one that gives up without an error. */
  function failing(code: string): Writable {
    return new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })) });
  }

  it("knows why output was lost, and writes no more", async () => {
    const output = new Output(failing("ENOSPC"));
    await output.line("one");
    await output.flushed();
    expect(output.broken.aborted).to.equal(true);
    expect(output.failure).to.have.property("code", "ENOSPC");
    await output.line("two");
  });

  for (const code of ["EPIPE", "ECONNRESET"]) {
    it(`loses nothing where the reader has left (${code})`, async () => {
      const output = new Output(failing(code));
      await output.line("one");
      await output.flushed();
      expect([output.broken.aborted, output.failure]).to.deep.equal([true, null]);
    });
  }

  it("is flushed when everything is written, and not before", async () => {
    const stream = new PassThrough({ highWaterMark: 8 });
    const output = new Output(stream);
    void output.line("more than there is room for");
    void output.line("and more");
    let isFlushed = false;
    const flushed = output.flushed().then(() => (isFlushed = true));
    await new Promise(setImmediate);
    expect(isFlushed).to.equal(false);
    stream.resume();
    await flushed;
  });

  it("is flushed when its stream is gone", async () => {
    const stream = new PassThrough({ highWaterMark: 8 });
    const output = new Output(stream);
    void output.line("more than there is room for");
    stream.destroy();
    await output.flushed();
    await output.drained();
    expect(output.failure).to.equal(null);
  });
});

(process.platform === "linux" ? describe : describe.skip)("the usmp program on a full disk", () => {
  const programs = new Programs();
  let folder: string;
  let full: number;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "usmp-spec-"));
    full = openSync("/dev/full", "w");
  });

  afterEach(async () => {
    await programs.end();
    closeSync(full);
    rmSync(folder, { recursive: true });
  });

  for (const argv of [
    ["--help"],
    ["--version"],
    ["help", "connect"],
    ["keygen"],
    ["keygen", "--device", "24:0a:c4:01:02:03", "--keys", "FOLDER/devices.json"],
    ["init", "FOLDER/my-device"],
    ["serve", "--host", "127.0.0.1", "--port", "0"],
  ]) {
    it(`fails and says why with ${argv.join(" ")}`, async () => {
      const program = programs.start(
        argv.map((arg) => arg.replace("FOLDER", folder)),
        { stdout: full },
      );
      await program.err.match(/^usmp: cannot write the output: no space left on device \(ENOSPC\)\n/m, PATIENCE_MS);
      expect(await program.exit).to.deep.equal([1, null]);
    });
  }

  it("fails with a device that prints what it receives", async () => {
    const gateway = await programs.serve(["--echo"]);
    const device = programs.start(["connect", `127.0.0.1:${gateway.port}`], { stdout: full });
    device.child.stdin?.write("hello\n");
    await device.err.match(/^usmp: cannot write the output: /m, PATIENCE_MS);
    expect(await device.exit).to.deep.equal([1, null]);
  });

  it("succeeds silently where its reader has left", async () => {
    const program = programs.start(["--help"]);
    program.child.stdout?.destroy();
    expect(await program.exit).to.deep.equal([0, null]);
    expect(program.err.text).to.equal("");
  });
});
