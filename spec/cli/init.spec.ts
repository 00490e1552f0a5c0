/** What `usmp init` writes, and refuses to write. That the project installs and runs: spec/package. */
import { expect } from "chai";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "./terminal.js";

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
}

const OWN = JSON.parse(readFileSync("package.json", "utf8")) as PackageJson;
const FILES = [
  ".gitignore",
  "README.md",
  "device.test.ts",
  "device.ts",
  "eslint.config.mjs",
  "gateway.ts",
  "key.ts",
  "package.json",
  "tsconfig.json",
  "usmp.key",
];

describe("usmp init", () => {
  let parent: string;

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), "usmp-spec-"));
  });

  afterEach(() => rmSync(parent, { recursive: true }));

  const at = (...path: string[]): string => join(parent, ...path);
  const read = (...path: string[]): string => readFileSync(at(...path), "utf8");

  async function initialize(...path: string[]): Promise<string> {
    const { exitCode, out, err } = await finished(["init", at(...path)]);
    expect({ exitCode, err }).to.deep.equal({ exitCode: 0, err: "" });
    return out;
  }

  async function refusal(folder: string): Promise<{ exitCode: number; err: string }> {
    const { exitCode, out, err } = await finished(["init", folder]);
    expect(out).to.equal("");
    expect(err).to.match(/^usmp: [^\n]*\n$/);
    return { exitCode, err };
  }

  it("writes a project of that name, also where its folder lies deeper", async () => {
    await initialize("deep", "pump-2");
    expect(readdirSync(at("deep", "pump-2")).sort()).to.deep.equal(FILES);
    expect((JSON.parse(read("deep", "pump-2", "package.json")) as PackageJson).name).to.equal("pump-2");
    expect(read("deep", "pump-2", "README.md")).to.match(/^# pump-2\n/);
    for (const file of FILES) expect(read("deep", "pump-2", file)).to.not.contain("my-device");
  });

  it("says what to do next, in commands that the project has", async () => {
    const out = await initialize("my-device");
    const { scripts } = JSON.parse(read("my-device", "package.json")) as { scripts: object };
    expect(out).to.match(/^ {2}cd .*my-device\n {2}npm install\n/m);
    for (const [, script] of out.matchAll(/npm (?:run )?(test|start|gateway)/g))
      expect(scripts).to.have.property(script!);
  });

  it("makes a new key each time, which only its owner can read, which git ignores, and which is not shown", async () => {
    const outputs = [await initialize("one"), await initialize("two")];
    const keys = [read("one", "usmp.key"), read("two", "usmp.key")];
    for (const key of keys) expect(key).to.match(/^[0-9a-f]{64}\n$/);
    expect(keys[0]).to.not.equal(keys[1]);
    expect(read("one", ".gitignore").split("\n")).to.include("usmp.key");
    expect(outputs.join("")).to.not.contain(keys[0]!.trim());
    if (process.platform !== "win32") expect(statSync(at("one", "usmp.key")).mode & 0o777).to.equal(0o600);
  });

  it("has no other key in it: the one of the test is for the test alone", async () => {
    await initialize("my-device");
    for (const file of FILES.filter((name) => name !== "device.test.ts"))
      expect(read("my-device", file)).to.not.match(/psk["']?\s*[:=]\s*["']|change-me/i);
  });

  it("depends on the usmp that wrote it, and on tools in the versions that this project is tested with", async () => {
    await initialize("my-device");
    const { dependencies, devDependencies } = JSON.parse(read("my-device", "package.json")) as PackageJson;
    expect(dependencies).to.deep.equal({ usmp: `^${OWN.version}` });
    for (const [name, version] of Object.entries(devDependencies))
      expect(version, name).to.equal(OWN.devDependencies[name]);
  });

  it("writes into an empty folder, and into one that is new for git", async () => {
    mkdirSync(at("my-device", ".git"), { recursive: true });
    await initialize("my-device");
    expect(readdirSync(at("my-device")).sort()).to.deep.equal([".git", ...FILES].sort());
  });

  it("leaves a folder alone that is not empty", async () => {
    mkdirSync(at("my-device"));
    writeFileSync(at("my-device", "device.ts"), "precious");
    const { exitCode, err } = await refusal(at("my-device"));
    expect(exitCode).to.equal(1);
    expect(err).to.contain("is not empty: name a new folder");
    expect(readdirSync(at("my-device"))).to.deep.equal(["device.ts"]);
    expect(read("my-device", "device.ts")).to.equal("precious");
  });

  it("says why where it cannot write", async () => {
    writeFileSync(at("a-file"), "");
    const { exitCode, err } = await refusal(at("a-file"));
    expect(exitCode).to.equal(1);
    expect(err).to.match(/was not written to .*\((EEXIST|ENOTDIR)\)\n$/);
    // On Windows there are no such modes, and root may write anywhere.
    if (process.platform === "win32" || process.getuid?.() === 0) return;
    mkdirSync(at("locked"));
    chmodSync(at("locked"), 0o500);
    expect((await refusal(at("locked"))).err).to.contain("EACCES");
  });

  for (const name of ["My-Device", "my device", "-device", ".device", "gerät", "a".repeat(101), "x\u001b[31m"]) {
    it(`refuses ${JSON.stringify(name.slice(0, 20))} as a name, before anything is made`, async () => {
      const { exitCode, err } = await refusal(at(name));
      expect(exitCode).to.equal(2);
      expect(err)
        .to.match(/ is not a valid project name: .*my-device\n$/)
        .and.not.contain("\u001b");
      expect(readdirSync(parent)).to.deep.equal([]);
    });
  }

  it("refuses an empty name, and the names of what it installs itself", async () => {
    expect((await refusal("")).exitCode).to.equal(2);
    await initialize("my-device");
    const { dependencies, devDependencies } = JSON.parse(read("my-device", "package.json")) as PackageJson;
    const unscoped = Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !name.startsWith("@"));
    expect(unscoped).to.include("usmp");
    for (const name of unscoped) expect(await refusal(at(name))).to.deep.include({ exitCode: 2 });
  });
});
