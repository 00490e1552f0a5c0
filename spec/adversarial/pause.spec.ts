/** Cases 69 and 35 between our own ends, on a simulated clock: long pauses of the application, with all defaults. */
import { expect } from "chai";
import { NetworkRig } from "../support/session-network.js";

const MINUTE_MS = 60_000;

describe("adversarial: pauses", () => {
  for (const [who, pauseDevice, pauseGateway] of [
    ["the device", true, false],
    ["the gateway", false, true],
    ["both", true, true],
  ] as const) {
    for (const minutes of [5, 35, 240]) {
      it(`case 69: a pause of ${minutes} minutes by ${who} ends no session, and what waited is delivered`, async () => {
        const rig = await new NetworkRig().listen();
        const client = await rig.connected();
        const gateway = rig.sessions[0]!;
        const device = client.session!;
        const got: string[] = [];
        device.onMessage((data) => got.push(`device ${data.toString()}`));
        gateway.onMessage((data) => got.push(`gateway ${data.toString()}`));
        if (pauseDevice) device.pause();
        if (pauseGateway) gateway.pause();
        expect([device.send("up"), gateway.send("down")]).to.deep.equal([true, true]);
        await rig.clock.advance(minutes * MINUTE_MS);
        device.resume();
        gateway.resume();
        await rig.clock.advance(1_000);
        expect(got.sort()).to.deep.equal(["device down", "gateway up"]);
        expect([device.isConnected, gateway.isConnected]).to.deep.equal([true, true]);
        await rig.settled(Promise.all([client.disconnect(), rig.server.stop()]));
      });
    }
  }
});
