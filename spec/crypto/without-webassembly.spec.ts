import { expect } from "chai";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { PROCESS_LIMIT } from "../support/patience.js";

/** A gateway, and a device of either cipher. */
const PROGRAM = `
  import { TcpTransport, UsmpClient, UsmpServer } from "./lib/index.ts";
  const psk = "a key of the specs";
  const server = new UsmpServer({ psk });
  const [{ port }] = await server.listen(new TcpTransport("127.0.0.1", 0));
  for (const cipher of ["aes-256-gcm", "chacha20-poly1305"]) {
    const client = new UsmpClient({ transport: new TcpTransport("127.0.0.1", port), psk, cipher });
    const outcome = await client.connect().then(() => "connected", (error) => error.code);
    console.log(cipher, outcome);
    await client.disconnect();
  }
  await server.stop();
`;

/** What keeps libsodium from being loaded may pass. */
const PROGRAM_THAT_TRIES_AGAIN = `
  import { loadCrypto } from "./lib/crypto/index.ts";
  const { WebAssembly } = globalThis;
  delete globalThis.WebAssembly;
  console.log(await loadCrypto().then(() => "loaded", (error) => error.code));
  globalThis.WebAssembly = WebAssembly;
  console.log(await loadCrypto().then(() => "loaded", (error) => error.code));
`;

/** V8's own switch for it is gone from Node 24. */
const WITHOUT_WEBASSEMBLY = "--import=data:text/javascript,delete globalThis.WebAssembly";

describe("without WebAssembly", () => {
  it("AES-256-GCM is spoken, as libsodium is not loaded for it, and ChaCha20-Poly1305 is UNSUPPORTED", async () => {
    expect(await printed(PROGRAM, WITHOUT_WEBASSEMBLY)).to.equal(
      "aes-256-gcm connected\nchacha20-poly1305 UNSUPPORTED\n",
    );
  });

  it("is tried again when it is asked for again", async () => {
    expect(await printed(PROGRAM_THAT_TRIES_AGAIN)).to.equal("UNSUPPORTED\nloaded\n");
  });

  async function printed(program: string, ...options: readonly string[]): Promise<string> {
    const env: NodeJS.ProcessEnv = { ...process.env };
    delete env["NODE_V8_COVERAGE"];
    const args = [...options, "--import", "tsx", "--input-type=module", "--eval", program];
    return (await promisify(execFile)(process.execPath, args, { env, ...PROCESS_LIMIT })).stdout;
  }
});
