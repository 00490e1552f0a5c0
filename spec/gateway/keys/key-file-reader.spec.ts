import { expect } from "chai";
import { isUsmpError } from "../../../lib/errors.js";
import {
  fingerprint,
  isFresh,
  isGroupReadable,
  readContent,
  type FileFacts,
  type OpenFile,
} from "../../../lib/gateway/keys/key-file-reader.js";
import { MAX_KEY_FILE_BYTES } from "../../../lib/gateway/keys/key-file-parser.js";
import { utf8 } from "../../support/core-bytes.js";

const FACTS: FileFacts = {
  dev: 1n,
  ino: 2n,
  size: 5n,
  mtimeNs: 10n,
  ctimeNs: 10n,
  mode: 0o100600n,
  uid: 0n,
  gid: 0n,
  isFile: () => true,
};

/** A file of `bytes` that says of itself what `facts` has next; every buffer that it filled is in `filled`. */
class FakeFile implements OpenFile {
  readonly filled: Uint8Array[] = [];
  readonly #bytes: Uint8Array;
  readonly #facts: FileFacts[];
  readonly #chunk: number;

  constructor(bytes: Uint8Array, facts: readonly Partial<FileFacts>[] = [{}], chunk = Infinity) {
    this.#bytes = bytes;
    this.#facts = facts.map((each) => ({ ...FACTS, size: BigInt(bytes.length), ...each }));
    this.#chunk = chunk;
  }

  async facts(): Promise<FileFacts> {
    return (this.#facts.length > 1 ? this.#facts.shift() : this.#facts[0]) as FileFacts;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    const chunk = this.#bytes.subarray(position, position + Math.min(into.length, this.#chunk));
    into.set(chunk);
    this.filled.push(into);
    return chunk.length;
  }
}

async function textOf(file: OpenFile): Promise<string | null> {
  return (await readContent(file, "devices.json", true))?.text ?? null;
}

async function refusal(file: OpenFile): Promise<string> {
  const error = await readContent(file, "devices.json", true).catch((reason: unknown) => reason);
  if (!isUsmpError(error)) expect.fail(`not refused: ${String(error)}`);
  expect(error.code).to.equal("INVALID_ARG");
  return error.message;
}

describe("readContent", () => {
  it("reads the whole text, also where it comes in pieces", async () => {
    expect(await textOf(new FakeFile(utf8("key file €")))).to.equal("key file €");
    expect(await textOf(new FakeFile(utf8("key file €"), [{}], 3))).to.equal("key file €");
    expect(await textOf(new FakeFile(utf8("")))).to.equal("");
  });

  it("leaves a byte order mark out", async () => {
    expect(await textOf(new FakeFile(utf8("\ufeff{}")))).to.equal("{}");
  });

  it("leaves nothing of the file in the memory that it was read into", async () => {
    const file = new FakeFile(utf8("key file"), [{}], 3);
    await textOf(file);
    expect(file.filled).to.have.length(4);
    for (const bytes of file.filled) expect(Math.max(0, ...bytes)).to.equal(0);
  });

  for (const [what, later] of [
    ["time", { mtimeNs: 11n }],
    ["change time", { ctimeNs: 11n }],
    ["size", { size: 6n }],
  ] as const) {
    it(`gives null where the ${what} changed while it was read`, async () => {
      expect(await textOf(new FakeFile(utf8("12345"), [{}, later]))).to.equal(null);
    });
  }

  it("gives null where there was less or more than the size said, whatever the stamps say", async () => {
    expect(await textOf(new FakeFile(utf8("12345"), [{ size: 6n }]))).to.equal(null);
    expect(await textOf(new FakeFile(utf8("12345"), [{ size: 4n }]))).to.equal(null);
  });

  for (const [mode, says] of [
    [0o602, /^its mode is 602, so that every user of this machine can change its keys: chmod 600 "devices\.json"$/],
    [0o604, /^its mode is 604, so that every user of this machine can read its keys: chmod 600/],
    [0o644, /^its mode is 644, so that every user of this machine can read/],
    [0o666, /^its mode is 666, so that every user of this machine can change/],
    [0o660, /^its mode is 660, so that every member of its group can change/],
    [0o004, /^its mode is 004, so that every user/],
  ] as const) {
    it(`refuses mode ${mode.toString(8).padStart(3, "0")}, and says what to do`, async () => {
      expect(await refusal(new FakeFile(utf8("{}"), [{ mode: BigInt(0o100000 | mode) }]))).to.match(says);
    });
  }

  it("takes modes that keep the keys with owner and group, and any where a system has none", async () => {
    for (const mode of [0o400n, 0o600n, 0o640n, 0o700n, 0o711n])
      expect(await textOf(new FakeFile(utf8("{}"), [{ mode }]))).to.equal("{}");
    const file = new FakeFile(utf8("{}"), [{ mode: 0o666n }]);
    expect((await readContent(file, "devices.json", false))?.text).to.equal("{}");
  });

  it("refuses UTF-16 and NUL bytes by name", async () => {
    const utf16 = Uint8Array.from(Buffer.from('{"devices":[]}', "utf16le"));
    expect(await refusal(new FakeFile(utf16))).to.equal("it is UTF-16 text; save it as UTF-8");
    expect(await refusal(new FakeFile(utf8("{}\0")))).to.contain("it holds a NUL byte");
  });

  it("refuses what is no file, what is too large, and what is no UTF-8", async () => {
    expect(await refusal(new FakeFile(utf8(""), [{ isFile: () => false }]))).to.equal("it is not a regular file");
    const size = BigInt(MAX_KEY_FILE_BYTES + 1);
    expect(await refusal(new FakeFile(utf8(""), [{ size }]))).to.equal("the file is larger than 16 MiB");
    expect(await refusal(new FakeFile(Uint8Array.of(0x7b, 0xff)))).to.equal("it is not UTF-8 text");
  });
});

describe("fingerprint", () => {
  it("differs for another file, size, time and change time, and not for what reading leaves behind", () => {
    const others = [{ dev: 9n }, { ino: 9n }, { size: 9n }, { mtimeNs: 9n }, { ctimeNs: 9n }];
    for (const other of others) expect(fingerprint({ ...FACTS, ...other })).not.to.equal(fingerprint(FACTS));
    expect(fingerprint({ ...FACTS })).to.equal(fingerprint(FACTS));
  });
});

describe("isFresh", () => {
  it("holds for two seconds after the last change, and not for stamps of the future", () => {
    const at = (mtimeMs: bigint, ctimeMs: bigint) => ({
      ...FACTS,
      mtimeNs: mtimeMs * 1_000_000n,
      ctimeNs: ctimeMs * 1_000_000n,
    });
    expect(isFresh(at(10_000n, 0n), 11_999)).to.equal(true);
    expect(isFresh(at(0n, 10_000n), 11_999)).to.equal(true);
    expect(isFresh(at(10_000n, 10_000n), 12_000)).to.equal(false);
    expect(isFresh(at(99_000n, 99_000n), 12_000)).to.equal(false);
    expect(isFresh(FACTS)).to.equal(false);
  });
});

describe("isGroupReadable", () => {
  it("holds for a file that its group can read", () => {
    expect(isGroupReadable({ ...FACTS, mode: 0o100640n })).to.equal(true);
    expect(isGroupReadable(FACTS)).to.equal(false);
  });
});
