import { spawn } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { PROCESS_LIMIT } from "../support/patience.js";

/** As this file: TypeScript through the loader, or what tsc made of it. */
const EXTENSION = extname(import.meta.url);
const SCRIPT = fileURLToPath(new URL(`../support/cluster-gateways${EXTENSION}`, import.meta.url));
const LOADER = EXTENSION === ".ts" ? ["--import", "tsx"] : [];

describe("Gateways in the workers of a node:cluster", () => {
  it("share a port over TCP; over UDP the second one gets EADDRINUSE, and the first loses no handshake", async () => {
    const child = spawn(process.execPath, [...LOADER, SCRIPT], PROCESS_LIMIT);
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect([code, errors]).to.deep.equal([0, ""]);
    expect(JSON.parse(output)).to.deep.equal([
      { kind: "tcp", listens: ["listens", "listens"], succeeded: 6 },
      { kind: "udp", listens: ["listens", "EADDRINUSE"], succeeded: 6 },
    ]);
  });
});
