import { expect } from "chai";
import { USMPClientStatic } from "../../../lib/arduino/client/usmp-client-static.js";
import { USMPArduinoTcpCtx } from "../../../lib/arduino/client/usmp.js";
import { PSK, SketchRig, TCP } from "../../support/sketch-rig.js";

const KEY = new TextEncoder().encode(`${PSK} and more`);

describe("USMPClientStatic", () => {
  it("is a USMPClient, begun with a context, whose buffer holds any message", async () => {
    const rig = await new SketchRig({
      client: () => new USMPClientStatic(PSK),
      setup: async (usmp) => void (await usmp.begin(TCP, new USMPArduinoTcpCtx())),
      listens: false,
    }).start();
    rig.gateway.send("x".repeat(1_808));
    await rig.board.advance(10);
    expect(rig.usmp.read().length()).to.equal(1_808);
    await rig.end();
  });

  it("takes a key of bytes, and ends the session at a message that its buffer does not hold", async () => {
    const rig = await new SketchRig({
      client: () => new USMPClientStatic(KEY, PSK.length, { rxBufferSize: 4 }),
    }).start();
    rig.gateway.send("1234");
    rig.gateway.send("12345");
    await rig.board.advance(10);
    expect(rig.events).to.deep.equal(["connect", "message 1234 4", "disconnect"]);
    await rig.end();
  });
});
