import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

const SCRIPT = fileURLToPath(new URL("support/facade-unref.ts", import.meta.url));

describe("A process that uses Usmp", () => {
  it("ends by itself after unref(), in the middle of a session", async () => {
    const child = spawn(process.execPath, ["--import", "tsx", SCRIPT, "unref"], { timeout: 4_500 });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
      child.on("close", (...ended) => resolve(ended)),
    );
    expect([text, code, signal]).to.deep.equal(["ready hello\n", 0, null]);
  });
});
