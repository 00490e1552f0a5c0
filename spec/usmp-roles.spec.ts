import { expect } from "chai";

import type { Usmp } from "../lib/usmp.js";
import { FacadeRig, rejectionOf, thrownBy } from "./support/facade-rig.js";

const ID = "24:0a:c4:01:02:03";

/** What each call does in the role that it is not for: throws, rejects, or returns a value and keeps the reason. */
const FOR_DEVICES: readonly [string, (usmp: Usmp) => unknown, unknown][] = [
  ["begin()", (usmp) => usmp.begin({ dial: () => Promise.reject(new Error("x")) } as never), false],
  ["reconnect()", (usmp) => usmp.reconnect(), false],
  ["send()", (usmp) => usmp.send("x"), false],
  ["print()", (usmp) => usmp.print("x"), 0],
  ["println()", (usmp) => usmp.println("x"), 0],
  ["write()", (usmp) => usmp.write(1), 0],
  ["sendAsync()", (usmp) => usmp.sendAsync("x"), "rejects"],
  ["ping()", (usmp) => usmp.ping(), "rejects"],
  ["rekey()", (usmp) => usmp.rekey(), "rejects"],
  ["available()", (usmp) => usmp.available(), "throws"],
  ["read()", (usmp) => usmp.read(), "throws"],
  ["readString()", (usmp) => usmp.readString(), "throws"],
];

const FOR_GATEWAYS: readonly [string, (usmp: Usmp) => unknown, unknown][] = [
  ["listen()", (usmp) => usmp.listen({} as never), "rejects"],
  ["sendTo()", (usmp) => usmp.sendTo(ID, "x"), false],
  ["broadcast()", (usmp) => usmp.broadcast("x"), "throws"],
  ["sessions()", (usmp) => usmp.sessions(), "throws"],
  ["session()", (usmp) => usmp.session(ID), "throws"],
];

describe("A call of Usmp that is for the other role", () => {
  let rig: FacadeRig;

  beforeEach(() => {
    rig = new FacadeRig();
  });

  afterEach(() => rig.end());

  async function expectRefused(usmp: Usmp, call: (usmp: Usmp) => unknown, outcome: unknown): Promise<void> {
    if (outcome === "throws") expect(thrownBy(() => call(usmp)).code).to.equal("INVALID_ARG");
    else if (outcome === "rejects") {
      const error = await rejectionOf(call(usmp) as Promise<unknown>);
      expect(error.code).to.equal("INVALID_ARG");
    } else expect(await call(usmp)).to.equal(outcome);
    expect(usmp.lastError()?.code).to.equal("INVALID_ARG");
  }

  for (const [name, call, outcome] of FOR_DEVICES) {
    it(`${name} on a listening facade fails with INVALID_ARG, and says what to use`, async () => {
      const gateway = await rig.gateway();
      await expectRefused(gateway, call, outcome);
      expect(gateway.lastErrorString()).to.match(/this facade listens: (use|close)/);
    });
  }

  for (const [name, call, outcome] of FOR_GATEWAYS) {
    it(`${name} on a device fails with INVALID_ARG, and says what to use`, async () => {
      const { device } = await rig.pair();
      await expectRefused(device, call, outcome);
      expect(device.lastErrorString()).to.match(/this is a device: use|in use: close\(\) it/);
    });
  }

  it("has no effect before begin() and listen(), and after close()", async () => {
    const usmp = rig.usmp();
    for (const life of ["before", "after"]) {
      expect([usmp.sessions(), usmp.session(ID), usmp.broadcast("x")], life).to.deep.equal([[], null, 0]);
      expect([usmp.available(), usmp.read(), usmp.readString()], life).to.deep.equal([false, null, ""]);
      await rig.until(usmp.listen(rig.acceptor()));
      await rig.until(usmp.close());
    }
  });
});
