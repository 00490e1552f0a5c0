import { expect } from "chai";

import type { UsmpStatus } from "../lib/session/status.js";
import type { Usmp } from "../lib/usmp.js";
import { soon, warningsDuring } from "./support/session-waits.js";
import { FacadeRig, FIRST_WINDOW_MS } from "./support/facade-rig.js";

/** A status in a few words. */
function show(status: UsmpStatus): string {
  switch (status.state) {
    case "idle":
    case "listening":
      return status.state;
    case "opening":
    case "handshaking":
      return `${status.state} ${status.attempt} ${status.transport}`;
    case "established":
      return `${status.state} ${status.attempt} ${status.sessionId.length}`;
    case "backoff":
      return `${status.state} ${status.attempt} ${status.reason.code} ${status.delayMs}`;
    case "closed":
      return `${status.state} ${status.reason.code}`;
  }
}

describe("Usmp's status", () => {
  let rig: FacadeRig;

  beforeEach(() => {
    rig = new FacadeRig();
  });

  afterEach(() => rig.end());

  /** All that `status()` yields, until it ends. */
  const follow = (usmp: Usmp): { readonly seen: string[]; readonly ended: Promise<void> } => {
    const seen: string[] = [];
    const read = async (): Promise<void> => {
      for await (const status of usmp.status()) seen.push(show(status));
    };
    return { seen, ended: read() };
  };

  it("yields what goes on, each change in order, and ends with the life", async () => {
    const gateway = await rig.gateway();
    const device = rig.usmp();
    const { seen, ended } = follow(device);
    await rig.connect(device);
    await rig.until(gateway.close());
    await rig.pass(FIRST_WINDOW_MS);
    await rig.until(device.close());
    await ended;
    const place = rig.dialer().describe();
    expect(seen.slice(0, 4)).to.deep.equal([
      "idle",
      `opening 1 ${place}`,
      `handshaking 1 ${place}`,
      "established 1 32",
    ]);
    expect(seen[4]).to.match(/^backoff 1 BYE \d/);
    expect(seen[5]).to.equal(`opening 2 ${place}`);
    expect(seen[6]).to.match(/^backoff 2 TRANSPORT \d/);
    expect(seen.at(-1)).to.equal("closed CLOSED");
  });

  it("is an event, too, told before the callbacks of the change", async () => {
    await rig.gateway();
    const device = rig.usmp();
    const told: string[] = [];
    device.on("status", ({ state }) => told.push(state));
    device.onConnect(() => told.push("onConnect"));
    device.onDisconnect(() => told.push("onDisconnect"));
    await rig.connect(device);
    await rig.until(device.close());
    expect(told).to.deep.equal(["opening", "handshaking", "established", "onConnect", "closed", "onDisconnect"]);
  });

  it("may be left, and followed by several at once", async () => {
    await rig.gateway();
    const device = rig.usmp();
    const { seen } = follow(device);
    for await (const { state } of device.status()) {
      expect(state).to.equal("idle");
      break;
    }
    await rig.connect(device);
    expect(seen.at(-1)).to.equal("established 1 32");
  });

  it("may be left while it waits, which settles at once (case 84)", async () => {
    const device = rig.usmp();
    const statuses = device.status();
    await statuses.next();
    const waiting = [statuses.next(), statuses.next()];
    const done = { value: undefined, done: true };
    expect(await soon(statuses.return(), "return()")).to.deep.equal(done);
    expect(await soon(Promise.all(waiting), "next()")).to.deep.equal([done, done]);
  });

  it("gives what comes to the reads that wait, one each, and ends them all with the life", async () => {
    await rig.gateway();
    const device = rig.usmp();
    const statuses = device.status();
    const reads = Array.from({ length: 6 }, () => statuses.next());
    await rig.connect(device);
    await rig.until(device.close());
    const seen = (await soon(Promise.all(reads), "next()")).map(({ value }) => value?.state ?? "done");
    expect(seen).to.deep.equal(["idle", "opening", "handshaking", "established", "closed", "done"]);
  });

  it("keeps the newest for a reader that does not read", async () => {
    const device = rig.usmp({ reconnect: () => 1 });
    const statuses = device.status();
    await statuses.next();
    void device.begin(rig.dialer());
    await rig.pass(200);
    const { value } = await statuses.next();
    expect(show(value as UsmpStatus)).to.not.match(/ 1 /);
    await statuses.return();
  });

  it("lets a listener close at once: begin resolves false, and nothing is left", async () => {
    await rig.gateway();
    for (const at of ["opening", "handshaking", "established", "backoff"]) {
      const device = rig.usmp();
      device.on("status", ({ state }) => (state === at ? void device.close() : undefined));
      const told: string[] = [];
      device.onConnect(() => told.push("connect"));
      device.onDisconnect(() => told.push("disconnect"));
      device.onError(({ code }) => told.push(code));
      const warnings = await warningsDuring(async () => {
        await rig.until(device.begin(rig.dialer()));
        rig.network.cut();
        await rig.pass(1_000);
      });
      expect(warnings, "a handler of ours that failed").to.deep.equal([]);
      expect(device.state(), at).to.equal("closed");
      // No end of a session that nobody was told of.
      expect(told, at).to.deep.equal(at === "backoff" ? ["connect", "disconnect"] : []);
    }
  });

  it("of a listening facade is listening, then closed", async () => {
    const gateway = rig.usmp();
    const { seen, ended } = follow(gateway);
    await rig.until(gateway.listen(rig.acceptor()));
    await rig.until(gateway.close());
    await ended;
    expect(seen).to.deep.equal(["idle", "listening", "closed CLOSED"]);
  });
});
