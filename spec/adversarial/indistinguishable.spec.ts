/** Case 16 on a real socket, byte by byte. spec/core/handshake/psk-verifier.spec.ts compares what is computed, spec/soak/ the time. */
import { randomBytes } from "node:crypto";
import { expect } from "chai";
import type { PskEntry } from "../../lib/session/psk-source.js";
import { utf8 } from "../support/core-bytes.js";
import { EchoGateway } from "../support/session-echo.js";
import { HOSTILE_ID, HostileDevice } from "../support/session-hostile.js";
import { DEVICE_A, TEXT_PSK } from "../support/session-network.js";
import { soon } from "../support/session-waits.js";

const WRONG_PSK = utf8("a wrong key of 20 bytes");
const ROTATED: PskEntry = { key: TEXT_PSK, previousKey: "the key before, long enough" };
const ROUNDS = 20;

const UNLIMITED = {
  lockoutAfterFailures: 1_000_000,
  maxHandshakesPerSecond: 1_000_000,
  maxHandshakesPerSecondPerAddress: 1_000_000,
  handshakeBurstPerAddress: 1_000_000,
};

/** Each frame as `type length`, and how the connection ended. */
async function attempt(port: number, deviceId: Uint8Array): Promise<string[]> {
  const device = await HostileDevice.connect(port, { deviceId, psk: WRONG_PSK });
  const seen: string[] = [];
  device.socket.on("end", () => seen.push("end"));
  const closed = new Promise((resolve) =>
    device.socket.on("close", (hadError) => resolve(seen.push(`close ${hadError}`))),
  );
  device.write(await device.prove());
  await soon(closed, "the refusal");
  for (let at = 0; at < device.received.length;) {
    const length = 12 + (device.received[at + 8]! | (device.received[at + 9]! << 8));
    seen.unshift(`${device.received[at + 3]} ${length}`);
    at += length;
  }
  return seen;
}

describe("adversarial: an unknown device and a wrong key", () => {
  for (const [what, psk] of [
    ["one key", { [DEVICE_A]: TEXT_PSK }],
    ["two keys", { [DEVICE_A]: ROTATED }],
    ["a key function", (id: string) => (id === DEVICE_A ? TEXT_PSK : null)],
  ] as const) {
    it(`case 16: look the same, frame by frame, where the device has ${what}`, async () => {
      const gateway = await EchoGateway.start({ psk, ...UNLIMITED });
      for (let round = 0; round < ROUNDS; round++) {
        for (const deviceId of [HOSTILE_ID, randomBytes(6)]) {
          expect(await attempt(gateway.port, deviceId)).to.deep.equal(["2 76", "end", "close false"]);
        }
      }
      await gateway.stop();
    });
  }
});
