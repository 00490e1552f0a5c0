import { expect } from "chai";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { Context, UsageError } from "../../lib/cli/context.js";
import { findKey, needKey, type KeyOptions } from "../../lib/cli/key-source.js";
import { isUsmpError } from "../../lib/errors.js";
import { finished, Transcript } from "./terminal.js";

const KEY = "a key of enough text";

describe("findKey", () => {
  const folder = mkdtempSync(join(tmpdir(), "usmp-spec-"));
  const file = join(folder, "usmp.key");
  const windows = process.platform === "win32";

  after(() => rmSync(folder, { recursive: true }));

  async function find(
    options: KeyOptions,
    env: Record<string, string> = {},
  ): Promise<{ key: string | null; told: string }> {
    const stderr = new PassThrough();
    const told = new Transcript(stderr);
    const signal = new AbortController().signal;
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr };
    const key = await findKey(options, new Context({ ...streams, env, signal }));
    return { key: key === null ? null : Buffer.from(key).toString(), told: told.text };
  }

  function writeKeyFile(content: string | Uint8Array, mode = 0o600): void {
    writeFileSync(file, content);
    chmodSync(file, mode);
  }

  it("finds none where none is given", async () => {
    expect(await find({})).to.deep.equal({ key: null, told: "" });
  });

  it("takes a key from the environment without a warning", async () => {
    expect(await find({}, { USMP_PSK: KEY })).to.deep.equal({ key: KEY, told: "" });
  });

  it("takes a key from the command line, and warns that others can see it", async () => {
    const { key, told } = await find({ psk: KEY });
    expect(key).to.equal(KEY);
    expect(told)
      .to.match(/^usmp: warning: other users of this machine can see/)
      .and.not.to.contain(KEY);
  });

  it("takes a key from a file, without the one newline at its end", async () => {
    for (const content of [KEY, `${KEY}\n`, `${KEY}\r\n`]) {
      writeKeyFile(content);
      expect(await find({ pskFile: file })).to.deep.equal({ key: KEY, told: "" });
    }
    writeKeyFile(`${KEY}\n\n`);
    expect((await find({ pskFile: file })).key).to.equal(`${KEY}\n`);
  });

  it("keeps the bytes of a file that is not UTF-8, and says so", async () => {
    writeKeyFile(Uint8Array.of(0xe4, 0xfe, 0x01));
    const { key, told } = await find({ pskFile: file });
    expect(key).to.equal(Buffer.of(0xe4, 0xfe, 0x01).toString());
    expect(told).to.match(/^usmp: warning: the key in .* is not UTF-8 text; its bytes count as they are\n$/);
  });

  it("drops a byte order mark, wherever the key comes from", async () => {
    writeKeyFile(`\ufeff${KEY}\n`);
    expect(await find({ pskFile: file })).to.deep.equal({ key: KEY, told: "" });
    expect(await find({}, { USMP_PSK: `\ufeff${KEY}` })).to.deep.equal({ key: KEY, told: "" });
  });

  for (const [content, says] of [
    [` ${KEY}`, "begins with a space"],
    [`${KEY}\t\n`, "ends with a tab"],
    [`${KEY}\n\n`, "ends with a line break"],
    [`${KEY}\u00a0`, "ends with a no-break space"],
  ] as const) {
    it(`warns that a key ${says}, in a file and in USMP_PSK`, async () => {
      writeKeyFile(content);
      const key = content.replace(/\n$/, "");
      const fromFile = await find({ pskFile: file });
      const fromEnvironment = await find({}, { USMP_PSK: key });
      expect([fromFile.key, fromEnvironment.key]).to.deep.equal([key, key]);
      expect(fromFile.told).to.contain(`usmp: warning: the key in ${JSON.stringify(file)} ${says}, which counts`);
      expect(fromEnvironment.told).to.contain(`usmp: warning: the key in USMP_PSK ${says}, which counts`);
      expect(fromFile.told + fromEnvironment.told).not.to.contain(KEY);
    });
  }

  it("refuses a variable that was not UTF-8, because another key would come of it", async () => {
    const error = await refusal({}, { USMP_PSK: `${KEY}\ufffd` });
    expect(error).to.be.instanceOf(UsageError);
    expect(error.message).to.equal("the key in USMP_PSK is not UTF-8 text: give it with --psk-file");
  });

  if (!windows) {
    it("warns of a file that others can read", async () => {
      for (const mode of [0o640, 0o604, 0o644]) {
        writeKeyFile(KEY, mode);
        const { told } = await find({ pskFile: file });
        expect(told)
          .to.match(/^usmp: warning: other users .*chmod 600/)
          .and.not.to.contain(KEY);
      }
    });
  }

  it("lets the command line win over the environment", async () => {
    writeKeyFile(KEY);
    expect((await find({ pskFile: file }, { USMP_PSK: "another key, as long" })).key).to.equal(KEY);
    expect((await find({ psk: KEY }, { USMP_PSK: "another key, as long" })).key).to.equal(KEY);
  });

  it("decodes hex only after the prefix, wherever the key comes from", async () => {
    const hex = "68".repeat(16);
    writeKeyFile(`hex:${hex}\n`);
    expect((await find({ pskFile: file })).key).to.equal("h".repeat(16));
    expect((await find({}, { USMP_PSK: `hex:${hex}` })).key).to.equal("h".repeat(16));
    expect((await find({ psk: `hex:${hex}` })).key).to.equal("h".repeat(16));
    expect((await find({}, { USMP_PSK: hex })).key).to.equal(hex);
  });

  async function refusal(options: KeyOptions, env?: Record<string, string>): Promise<Error> {
    return find(options, env).then(
      () => expect.fail("it found a key"),
      (error: unknown) => error as Error,
    );
  }

  it("refuses digits that are no hex, without repeating them", async () => {
    const error = await refusal({}, { USMP_PSK: "hex:0x1234" });
    expect(isUsmpError(error) && error.code).to.equal("INVALID_ARG");
    expect(error.message).not.to.contain("1234");
  });

  it("refuses two keys", async () => {
    expect(await refusal({ psk: KEY, pskFile: file })).to.be.instanceOf(UsageError);
  });

  it("refuses a file that cannot be read, and says why", async () => {
    expect((await refusal({ pskFile: join(folder, "none") })).message).to.contain("ENOENT");
    expect((await refusal({ pskFile: folder })).message).to.contain("it is a directory");
  });

  it("says where keys come from where one is needed", async () => {
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
    const context = new Context({ ...streams, env: {}, signal: new AbortController().signal });
    const error = await needKey({}, context).catch((reason: unknown) => reason as Error);
    expect(error).to.be.instanceOf(UsageError);
    expect((error as Error).message)
      .to.contain("USMP_PSK")
      .and.to.contain("--psk-file");
  });

  it("is wrong usage for a command to have a short key, or none", async () => {
    const short = "fifteen bytes!!";
    for (const argv of [
      ["serve", "--port", "0"],
      ["connect", "localhost"],
    ]) {
      for (const key of [short, ""]) {
        const { exitCode, err } = await finished(argv, { env: { USMP_PSK: key } });
        expect(exitCode).to.equal(2);
        expect(err)
          .to.match(/^usmp: the PSK has \d+ bytes; at least 16 are needed.*\n$/)
          .and.not.to.contain(short);
      }
    }
    expect(await finished(["connect", "localhost"])).to.deep.include({ exitCode: 2 });
  });
});
