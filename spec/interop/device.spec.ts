import { expect } from "chai";

import { isUsmpError, Usmp, UsmpClient, UsmpErrno, type UsmpError, type UsmpSession } from "../../lib/index.js";
import { PYTHON_SETUP_LIMIT_MS, pythonWithSdk } from "../support/python-environment.js";
import { Mailbox } from "../support/python-mailbox.js";
import { CARRIERS, CIPHERS, DEVICES, transportOf, type Carrier } from "./our-ends.js";
import { PSK, startPythonServer, WRONG_PSK, type PythonServer, type PythonServerOptions } from "./python-peers.js";
import { describeSession } from "./session-suite.js";

const DEVICE_ID = "24:0a:c4:01:02:03";

for (const carrier of CARRIERS) describeDevice(carrier);

function describeDevice(carrier: Carrier): void {
  describe(`interop over ${carrier}: our device with the public Python server`, () => {
    const cleanup: (() => Promise<unknown>)[] = [];

    before(async function () {
      this.timeout(PYTHON_SETUP_LIMIT_MS);
      await pythonWithSdk();
    });

    afterEach(async () => {
      while (cleanup.length > 0) await cleanup.pop()?.();
    });

    async function start(options?: PythonServerOptions): Promise<PythonServer> {
      const server = await startPythonServer({ carrier, ...options });
      cleanup.push(() => server.peer.kill());
      return server;
    }

    for (const [name, connect] of Object.entries(DEVICES)) {
      for (const cipher of CIPHERS) {
        describe(`${name}, ${cipher}`, () => {
          describeSession(carrier, async () => {
            const { peer, port } = await start({ cipher });
            const ours = await connect({ carrier, port, psk: PSK, cipher, deviceId: DEVICE_ID });
            cleanup.push(() => ours.end());
            const { device, session } = await peer.next("session");
            expect([ours.session.deviceId, ours.session.sessionId]).to.deep.equal([device, session]);
            return { ours, peer };
          });
        });
      }
    }

    describe("UsmpClient", () => {
      it("rejects with AUTH where its key is not the server's (§3)", async () => {
        const { port } = await start();
        const client = new UsmpClient({
          transport: transportOf(carrier, port),
          psk: WRONG_PSK,
          handshakeTimeoutMs: 2_000,
        });
        const refused: unknown = await client.connect().then(null, (error: unknown) => error);
        expect(isUsmpError(refused) && refused.code).to.equal("AUTH");
        expect(client.isConnected).to.be.false;
      });

      it("connects again, in a new session, after its own end", async () => {
        const { peer, port } = await start();
        const client = new UsmpClient({ transport: transportOf(carrier, port), psk: PSK });
        cleanup.push(() => client.disconnect());
        for (const text of ["first", "second"]) {
          await client.connect();
          const { session } = await peer.next("session");
          expect(client.sessionId).to.equal(session);
          await client.sendAsync(text);
          expect((await peer.next("message")).hex).to.equal(Buffer.from(text).toString("hex"));
          await client.disconnect();
          await peer.next("closed");
        }
      });
    });

    describe("Usmp", () => {
      it("gives false and AUTH where its key is not the server's (§3)", async () => {
        const { port } = await start();
        const usmp = new Usmp(WRONG_PSK, { handshakeTimeoutMs: 2_000 });
        cleanup.push(() => usmp.close());
        expect(await usmp.begin(transportOf(carrier, port))).to.be.false;
        expect(usmp.lastError()?.errno).to.equal(UsmpErrno.AUTH_FAILED);
        expect(usmp.lastErrorString()).to.match(/^AUTH: /);
        expect(usmp.state()).to.equal("backoff");
      });

      it("comes back by itself when the server is killed and started again on its port", async () => {
        const first = await start();
        // Over UDP only silence tells.
        const usmp = new Usmp(PSK, {
          deviceId: DEVICE_ID,
          keepaliveMs: 200,
          pongTimeoutMs: 1_000,
          reconnect: { minDelayMs: 50, maxDelayMs: 200 },
        });
        cleanup.push(() => usmp.close());
        const events = new Mailbox<string>("event of ours");
        const sessions = new Mailbox<UsmpSession>("session of ours");
        const reasons = new Mailbox<UsmpError>("end of our session");
        usmp.onReconnect(() => events.put("reconnect"));
        usmp.onConnect((session) => (events.put("connect"), sessions.put(session)));
        usmp.onDisconnect((reason) => (events.put("disconnect"), reasons.put(reason)));
        expect(await usmp.begin(transportOf(carrier, first.port))).to.be.true;

        await first.peer.kill();
        expect((await reasons.next()).code).to.equal(carrier === "tcp" ? "TRANSPORT" : "TIMEOUT");
        const { peer: second } = await start({ port: first.port });
        const { device } = await second.next("session");
        expect(device).to.equal(DEVICE_ID);
        const ids = [(await sessions.next()).sessionId, (await sessions.next()).sessionId];
        expect(ids[0]).not.to.equal(ids[1]);
        const story = ["connect", "disconnect", "reconnect", "connect"];
        for (const event of story) expect(await events.next()).to.equal(event);

        expect(usmp.send("back again")).to.be.true;
        expect((await second.next("message")).hex).to.equal(Buffer.from("back again").toString("hex"));
      });
    });
  });
}
