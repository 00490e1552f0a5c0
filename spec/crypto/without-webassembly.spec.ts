import { expect } from "chai";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const LIBRARY = new URL("../../lib/index.ts", import.meta.url).href;

/** A gateway, and a device of either cipher. */
const PROGRAM = `
  import { TcpTransport, UsmpClient, UsmpServer } from ${JSON.stringify(LIBRARY)};
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

describe("without WebAssembly", () => {
  it("AES-256-GCM is spoken, as libsodium is not loaded for it, and ChaCha20-Poly1305 is UNSUPPORTED", async function () {
    this.timeout(30_000);
    const env: NodeJS.ProcessEnv = { ...process.env };
    delete env["NODE_V8_COVERAGE"];
    const args = ["--noexpose-wasm", "--import", "tsx", "--input-type=module", "--eval", PROGRAM];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env, timeout: 25_000 });
    expect(stdout).to.equal("aes-256-gcm connected\nchacha20-poly1305 UNSUPPORTED\n");
  });
});
