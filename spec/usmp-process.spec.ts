import { spawn } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";
import { PROCESS_LIMIT } from "./support/patience.js";

/** As this file: TypeScript through the loader, or what tsc made of it. */
const EXTENSION = extname(import.meta.url);
const SCRIPT = fileURLToPath(new URL(`support/facade-unref${EXTENSION}`, import.meta.url));
const LOADER = EXTENSION === ".ts" ? ["--import", "tsx"] : [];

describe("A process that uses Usmp", () => {
  it("ends by itself after unref(), in the middle of a session", async () => {
    const child = spawn(process.execPath, [...LOADER, SCRIPT, "unref"], PROCESS_LIMIT);
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
      child.on("close", (...ended) => resolve(ended)),
    );
    expect([text, code, signal]).to.deep.equal(["ready hello\n", 0, null]);
  });
});
