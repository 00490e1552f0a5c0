import { expect } from "chai";
import { UsmpClient } from "../../lib/device/client.js";
import { Usmp } from "../../lib/usmp.js";
import { PSK } from "../support/facade-rig.js";
import { LOOPBACK } from "../support/session-echo.js";
import { eventually, soon } from "../support/session-waits.js";

for (const kind of ["TCP", "UDP"] as const) {
  describe(`a device that rotates its keys by itself, over ${kind}`, () => {
    let gateway: Usmp;
    let port: number;
    let rotations: string[];

    beforeEach(async () => {
      gateway = new Usmp(PSK);
      rotations = [];
      gateway.onConnect((session) => void session.on("rekey", (by) => rotations.push(by)));
      gateway.onMessage((data, _length, session) => void session.send(data));
      const [address] = await soon(gateway.listen(Usmp[kind](LOOPBACK, 0)));
      port = address!.port;
    });

    afterEach(() => soon(gateway.close()));

    it("does so as a facade, at the age that it was told, and goes on", async () => {
      const device = new Usmp(PSK, { rekeyAfterMs: 20 });
      try {
        expect(await soon(device.begin(Usmp[kind](LOOPBACK, port)))).to.equal(true);
        await eventually(() => rotations.length > 0, "a rotation");
        device.send("after it");
        await eventually(() => device.available(), "the answer");
        expect([device.readString(), ...new Set(rotations)]).to.deep.equal(["after it", "peer"]);
      } finally {
        await soon(device.close());
      }
    });

    it("does so as a client, after so many frames, and loses nothing", async () => {
      const device = new UsmpClient({ transport: Usmp[kind](LOOPBACK, port), psk: PSK, rekeyAfterFrames: 5 });
      try {
        await soon(device.connect());
        const sent = Array.from({ length: 20 }, (_, index) => `${index}`);
        const got: string[] = [];
        for (const text of sent) void device.sendAsync(text);
        while (got.length < sent.length) got.push((await soon(device.recv())).toString());
        expect(got).to.deep.equal(sent);
        expect([...new Set(rotations)]).to.deep.equal(["peer"]);
      } finally {
        await soon(device.disconnect());
      }
    });
  });
}
