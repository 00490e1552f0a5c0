/** What `usmp keygen --out` replaces, and what it leaves alone. */
import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "./terminal.js";

const KEY_LINE = /^[0-9a-f]{64}\n$/;

(process.platform === "win32" ? describe.skip : describe)("usmp keygen --out --force", () => {
  let folder: string;
  let server: Server | null = null;
  const at = (name: string): string => join(folder, name);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "usmp-spec-"));
  });

  afterEach(() => {
    server?.close();
    server = null;
    rmSync(folder, { recursive: true });
  });

  for (const [what, make] of [
    ["a pipe", () => spawnSync("mkfifo", [at("key")]).status === 0],
    ["a device", () => spawnSync("mknod", [at("key"), "c", "1", "3"]).status === 0],
    ["a directory", () => (mkdirSync(at("key")), true)],
    [
      "a socket",
      async () => {
        server = createServer().listen(at("key"));
        await once(server, "listening");
        return true;
      },
    ],
  ] as const) {
    for (const through of ["by its name", "through a link"]) {
      it(`leaves ${what} alone ${through}, with and without --force, and says what it is (case 80)`, async function () {
        // Only root makes devices.
        if (!(await make())) return this.skip();
        const before = lstatSync(at("key"));
        const given = through === "by its name" ? "key" : "link";
        if (given === "link") symlinkSync("key", at("link"));
        for (const force of [["--force"], []]) {
          const { exitCode, out, err } = await finished(["keygen", "--out", at(given), ...force]);
          expect({ exitCode, out }).to.deep.equal({ exitCode: 1, out: "" });
          expect(err).to.match(new RegExp(`^usmp: no key was written to "[^"]+": it is ${what}, and only .*\n$`));
        }
        const { ino, mode } = lstatSync(at("key"));
        expect({ ino, mode }).to.deep.equal({ ino: before.ino, mode: before.mode });
        expect(readdirSync(folder)).to.have.members(given === "link" ? ["key", "link"] : ["key"]);
      });
    }
  }

  it("replaces the file that a link leads to, and leaves the link", async () => {
    writeFileSync(at("target"), "old", { mode: 0o644 });
    symlinkSync("target", at("link"));
    expect((await finished(["keygen", "--out", at("link"), "--force"])).exitCode).to.equal(0);
    expect(lstatSync(at("link")).isSymbolicLink()).to.equal(true);
    expect(readFileSync(at("target"), "utf8")).to.match(KEY_LINE);
    expect(statSync(at("target")).mode & 0o777).to.equal(0o600);
  });

  it("makes no file behind a link that leads nowhere", async () => {
    symlinkSync("nowhere", at("link"));
    const { exitCode, err } = await finished(["keygen", "--out", at("link"), "--force"]);
    expect(exitCode).to.equal(1);
    expect(err).to.contain("is a link that leads nowhere");
    expect(readdirSync(folder)).to.deep.equal(["link"]);
  });

  it("leaves a file to its owner", async function () {
    if (process.getuid?.() !== 0) this.skip();
    writeFileSync(at("key"), "old");
    chownSync(at("key"), 4321, 4322);
    expect((await finished(["keygen", "--out", at("key"), "--force"])).exitCode).to.equal(0);
    expect(statSync(at("key"))).to.include({ uid: 4321, gid: 4322 });
  });
});
