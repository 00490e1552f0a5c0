/** adversarial-cases.md: a device that comes again, and a gateway that is gone. */
import { expect } from "chai";
import { EchoGateway, expectEcho } from "../support/session-echo.js";
import { HostileDevice } from "../support/session-hostile.js";
import { DEVICE_A, NetworkRig } from "../support/session-network.js";
import { utf8 } from "../support/core-bytes.js";
import { eventually, soon } from "../support/session-waits.js";

describe("adversarial: coming again", () => {
  it("case 58: the old session ends SUPERSEDED once the new HELLO_ACK verified, not before", async () => {
    const gateway = await EchoGateway.start();
    await gateway.beside(async () => {
      const old = await gateway.device({ deviceId: DEVICE_A });
      const oldSession = gateway.server.session(DEVICE_A)!;
      const device = await HostileDevice.connect(gateway.port);
      const proof = await device.prove();
      await device.push(proof.subarray(0, proof.length - 1));
      await expectEcho(old, "the old one lives while the new one has not proved itself");
      expect([gateway.codes, oldSession.isConnected]).to.deep.equal([[], true]);
      device.write(proof.subarray(proof.length - 1));
      await device.finish();
      expect((await soon(oldSession.closed)).code).to.equal("SUPERSEDED");
      expect(gateway.codes).to.deep.equal(["SUPERSEDED"]);
      expect((await soon(old.session!.closed)).code).to.equal("TRANSPORT");
      expect(gateway.server.session(DEVICE_A)!.isConnected).to.equal(true);
      device.destroy();
    });
    await gateway.stop();
  });

  it("case 58: somebody without the key never ends a session", async () => {
    const gateway = await EchoGateway.start();
    const device = await gateway.device({ deviceId: DEVICE_A });
    await gateway.beside(async () => {
      for (let tries = 0; tries < 10; tries++) {
        const hostile = await HostileDevice.connect(gateway.port, { psk: utf8("a wrong key of 20 bytes") });
        hostile.write(await hostile.prove());
        await hostile.over();
      }
    });
    await eventually(() => gateway.codes.length === 10, "all endings");
    expect(new Set(gateway.codes)).to.deep.equal(new Set(["AUTH"]));
    await expectEcho(device, "still the same session");
    await gateway.stop();
  });

  it("case 70: a device that only sends finds its gateway gone within two keepalive intervals", async () => {
    const rig = await new NetworkRig().listen();
    const device = await rig.connected();
    const reasons: string[] = [];
    device.on("disconnect", ({ code }) => reasons.push(code));
    await rig.clock.advance(10_000);
    rig.network.freeze();
    for (let seconds = 1; reasons.length === 0; seconds++) {
      device.send("a reading");
      await rig.clock.advance(1_000);
      expect(seconds, "seconds").to.be.at.most(60);
    }
    expect(reasons).to.deep.equal(["TIMEOUT"]);
    expect(device.isConnected).to.equal(false);
    await rig.clock.advance(120_000);
    expect(rig.clock.pending).to.equal(0);
  });

  it("case 70: a gateway that comes back in time, with what had piled up, is not given up", async () => {
    const rig = await new NetworkRig().listen();
    const device = await rig.connected();
    rig.sessions[0]!.on("message", () => {});
    rig.network.freeze();
    for (let seconds = 0; seconds < 50; seconds++) {
      device.send("a reading");
      await rig.clock.advance(1_000);
    }
    rig.network.thaw();
    await rig.clock.advance(60_000);
    expect(device.isConnected).to.equal(true);
  });
});
