import { expect } from "chai";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withFileLock } from "../../lib/cli/file-lock.js";

describe("withFileLock", () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "usmp-spec-"));
    file = join(folder, "file");
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  async function refusal(act: Promise<unknown>): Promise<string> {
    const error = await act.catch((reason: unknown) => reason);
    return error instanceof Error ? error.message : expect.fail("it did not reject");
  }

  it("lets one in at a time", async () => {
    let inside = 0;
    const visits = Array.from({ length: 8 }, (_, visit) =>
      withFileLock(file, async () => {
        expect(++inside).to.equal(1);
        await new Promise(setImmediate);
        inside--;
        return visit;
      }),
    );
    expect(await Promise.all(visits)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(existsSync(`${file}.lock`)).to.equal(false);
  });

  it("lets the next in after one that failed", async () => {
    expect(await refusal(withFileLock(file, () => Promise.reject(new Error("broken"))))).to.equal("broken");
    expect(await withFileLock(file, () => Promise.resolve("well"), 0)).to.equal("well");
  });

  for (const [who, content, says] of [
    ["a process that lives", `${process.pid}\n`, `process ${process.pid} holds`],
    ["nobody who can be named", "", "another program holds"],
    ["what is no process id", "-1\n", "another program holds"],
  ] as const) {
    it(`gives up after a while where the lock is held by ${who}, and leaves the lock`, async () => {
      writeFileSync(`${file}.lock`, content);
      const message = await refusal(withFileLock(file, () => expect.fail("it was let in"), 30));
      expect(message).to.contain(`${says} ${JSON.stringify(`${file}.lock`)}: wait until it finishes; if`);
      expect(existsSync(`${file}.lock`)).to.equal(true);
    });
  }

  it("fails at once where there can be no lock", async () => {
    const message = await refusal(withFileLock(join(folder, "none", "file"), () => expect.fail("it was let in")));
    expect(message).to.contain("ENOENT");
  });
});
