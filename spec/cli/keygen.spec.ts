import { expect } from "chai";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "./terminal.js";

const KEY_LINE = /^[0-9a-f]{64}\n$/;

describe("usmp keygen", () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "usmp-spec-"));
    file = join(folder, "usmp.key");
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it("prints 32 random bytes as 64 hex characters, and nothing else", async () => {
    const [first, second] = [await finished(["keygen"]), await finished(["keygen"])];
    expect(first).to.deep.include({ exitCode: 0, err: "" });
    expect(first.out).to.match(KEY_LINE).and.not.to.equal(second.out);
  });

  it("writes a file that only its owner can read, and keeps the key off the terminal", async () => {
    const { exitCode, out, err } = await finished(["keygen", "--out", file]);
    const content = readFileSync(file, "utf8");
    expect({ exitCode, out }).to.deep.equal({ exitCode: 0, out: "" });
    expect(content).to.match(KEY_LINE);
    expect(err).to.contain("usmp.key").and.not.to.contain(content.trim());
    if (process.platform !== "win32") expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  it("does not replace a file unless told to", async () => {
    writeFileSync(file, "precious");
    const { exitCode, err } = await finished(["keygen", "--out", file]);
    expect(exitCode).to.equal(1);
    expect(err).to.match(/^usmp: .*the file exists; --force replaces it.*\n$/);
    expect(readFileSync(file, "utf8")).to.equal("precious");
  });

  it("replaces a file with --force, and its open mode as well", async () => {
    writeFileSync(file, "old");
    chmodSync(file, 0o644);
    expect(await finished(["keygen", "--out", file, "--force"])).to.deep.include({ exitCode: 0 });
    expect(readFileSync(file, "utf8")).to.match(KEY_LINE);
    if (process.platform !== "win32") expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(readdirSync(folder)).to.deep.equal(["usmp.key"]);
  });

  it("says what is wrong where it cannot write, and leaves nothing behind", async () => {
    expect((await finished(["keygen", "--out", join(folder, "none", "key")])).err).to.contain("ENOENT");
    mkdirSync(join(folder, "taken"));
    const { exitCode, err } = await finished(["keygen", "--force", "--out", join(folder, "taken")]);
    expect(exitCode).to.equal(1);
    expect(err).to.match(/^usmp: no key was written .*\n$/);
    expect(readdirSync(folder)).to.deep.equal(["taken"]);
  });
});
