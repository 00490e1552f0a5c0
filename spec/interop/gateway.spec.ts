import { expect } from "chai";

import { UsmpServer, type CipherName, type UsmpError } from "../../lib/index.js";
import { PYTHON_SETUP_LIMIT_MS, pythonWithSdk } from "../support/python-environment.js";
import { Mailbox } from "../support/python-mailbox.js";
import { PeerError, type PeerProcess } from "../support/python-peer.js";
import { CARRIERS, CIPHERS, GATEWAYS, HOST, transportOf, type Carrier, type OurGateway } from "./our-ends.js";
import { connectPython, PSK, startPythonClient, WRONG_PSK } from "./python-peers.js";
import { describeSession } from "./session-suite.js";

const DEVICE_ID = "24:0a:c4:01:02:03";
const OTHER_DEVICE_ID = "24:0a:c4:01:02:04";

for (const carrier of CARRIERS) describeGateway(carrier);

function describeGateway(carrier: Carrier): void {
  // Over UDP a gateway is silent to a wrong key, on purpose (§3).
  const turnedAway = carrier === "tcp" ? "HandshakeError" : "USMPTimeoutError";

  describe(`interop over ${carrier}: our gateway with the public Python client`, () => {
    const cleanup: (() => Promise<unknown>)[] = [];

    before(async function () {
      this.timeout(PYTHON_SETUP_LIMIT_MS);
      await pythonWithSdk();
    });

    afterEach(async () => {
      while (cleanup.length > 0) await cleanup.pop()?.();
    });

    async function startClient(): Promise<PeerProcess> {
      const client = await startPythonClient();
      cleanup.push(() => client.kill());
      return client;
    }

    /** The error of the peer's own that its attempt ends with. */
    async function refusal(client: PeerProcess, port: number): Promise<string> {
      const attempt = connectPython(client, { carrier, port, deviceId: DEVICE_ID, psk: WRONG_PSK });
      const refused: unknown = await attempt.then(null, (error: unknown) => error);
      return refused instanceof PeerError ? refused.error : String(refused);
    }

    for (const [name, listen] of Object.entries(GATEWAYS)) {
      async function start(cipher: CipherName = "aes-256-gcm"): Promise<OurGateway> {
        const gateway = await listen({ carrier, psk: PSK, cipher });
        cleanup.push(() => gateway.stop());
        return gateway;
      }

      for (const cipher of CIPHERS) {
        describe(`${name}, ${cipher}`, () => {
          describeSession(carrier, async () => {
            const gateway = await start(cipher);
            const peer = await startClient();
            await connectPython(peer, { carrier, port: gateway.port, deviceId: DEVICE_ID, cipher });
            const ours = await gateway.nextSession();
            const { device, session } = await peer.next("session");
            expect([ours.session.deviceId, ours.session.sessionId]).to.deep.equal([device, session]);
            return { ours, peer };
          });
        });
      }

      describe(name, () => {
        it("turns a wrong key away and serves the next device (§3)", async () => {
          const gateway = await start();
          const client = await startClient();
          expect(await refusal(client, gateway.port)).to.equal(turnedAway);

          await connectPython(client, { carrier, port: gateway.port, deviceId: OTHER_DEVICE_ID });
          const ours = await gateway.nextSession();
          expect(ours.session.deviceId).to.equal(OTHER_DEVICE_ID);
          await client.command("send", { hex: "2a" });
          expect([...(await ours.receive())]).to.deep.equal([0x2a]);
        });

        it("keeps the messages of two devices apart", async () => {
          const gateway = await start();
          const devices = [];
          for (const deviceId of [DEVICE_ID, OTHER_DEVICE_ID]) {
            const client = await startClient();
            await connectPython(client, { carrier, port: gateway.port, deviceId });
            devices.push({ client, ours: await gateway.nextSession(), hex: Buffer.from(deviceId).toString("hex") });
          }
          for (const { client, hex } of devices) await client.command("send", { hex });
          for (const { ours, hex } of devices) {
            const data = await ours.receive();
            expect(Buffer.from(data).toString("hex")).to.equal(hex);
            await ours.send(data);
          }
          for (const { client, hex } of devices) expect((await client.next("message")).hex).to.equal(hex);
        });
      });
    }

    describe("UsmpServer", () => {
      it("reports a wrong key as refused, with AUTH and the address (§3)", async () => {
        const server = new UsmpServer({ psk: PSK, udpHandshakeTimeoutMs: 2_000 });
        cleanup.push(() => server.stop());
        const refused = new Mailbox<[UsmpError, string]>("refusal of ours");
        server.on("refused", (error, remoteAddress) => refused.put([error, remoteAddress]));
        const [listening] = await server.listen(transportOf(carrier, 0));
        expect(await refusal(await startClient(), listening?.port ?? 0)).to.equal(turnedAway);
        const [error, remoteAddress] = await refused.next();
        expect([error.code, remoteAddress]).to.deep.equal(["AUTH", HOST]);
        expect(server.sessions()).to.deep.equal([]);
      });
    });
  });
}
