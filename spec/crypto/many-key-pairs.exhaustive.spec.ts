/** On Node 20 the JWK form of a key can deadlock a process, when the garbage is collected at the wrong moment. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "chai";
import { PROCESS_LIMIT } from "../support/patience.js";

const PAIRS = 20_000;

const PROGRAM = `
  import { nodeProvider } from "./lib/crypto/index.ts";
  let agreed = 0;
  let last = nodeProvider.generateKeyPair();
  for (let count = 0; count < ${PAIRS}; count++) {
    const pair = nodeProvider.generateKeyPair();
    if (count % 100 === 0) agreed += Buffer.compare(pair.sharedSecret(last.publicKey), last.sharedSecret(pair.publicKey)) === 0;
    last = pair;
  }
  console.log(agreed);
`;

describe("X25519 key pairs", () => {
  it("come by the ten thousand while the garbage is collected all the time", async () => {
    const args = ["--max-semi-space-size=1", "--import=tsx", "--input-type=module", "--eval", PROGRAM];
    const { stdout } = await promisify(execFile)(process.execPath, args, PROCESS_LIMIT);
    expect(stdout.trim()).to.equal(String(PAIRS / 100));
  });
});
