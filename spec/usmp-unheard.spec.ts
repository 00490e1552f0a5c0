import { expect } from "chai";

import { UsmpClient, type Logger, type Usmp } from "../lib/index.js";
import { crypto, FacadeRig, FIRST_WINDOW_MS, PSK, rejectionOf } from "./support/facade-rig.js";
import { warningsDuring } from "./support/session-waits.js";

const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

describe("A device that cannot connect", () => {
  let rig: FacadeRig;

  beforeEach(() => {
    rig = new FacadeRig();
  });

  afterEach(() => rig.end());

  /** The warnings of a life in which no attempt succeeds. */
  const warningsOf = (device: Usmp): Promise<Error[]> =>
    warningsDuring(async () => {
      device.beginAsync(rig.dialer());
      await rig.pass(20 * FIRST_WINDOW_MS);
      device.beginAsync(rig.dialer());
      await rig.pass(20 * FIRST_WINDOW_MS);
    });

  it("and whose failures nobody hears warns the process, once, with the reason and how to hear more", async () => {
    const warnings = await warningsOf(rig.usmp());
    expect(warnings).to.have.lengthOf(1);
    expect(warnings[0]).to.include({ name: "UsmpWarning", code: "TRANSPORT" });
    expect(warnings[0]!.message).to.match(
      /^a device cannot connect.*onError\(\).*"status".*"logger".*: nothing listens on memory/,
    );
  });

  const ignore = (): void => {};
  const heard: Record<string, (device: Usmp) => void> = {
    "onError()": (device) => device.onError(ignore),
    'on("error")': (device) => device.on("error", ignore),
    'on("status")': (device) => device.on("status", ignore),
    "status()": (device) => void device.status().next(),
  };
  for (const [how, listen] of Object.entries(heard)) {
    it(`and is heard by ${how} warns nobody`, async () => {
      const device = rig.usmp();
      listen(device);
      expect(await warningsOf(device)).to.deep.equal([]);
    });
  }

  it("and has a logger warns nobody", async () => {
    expect(await warningsOf(rig.usmp({ logger: SILENT }))).to.deep.equal([]);
  });

  it("for a bad argument warns, too, and not for a signal that aborted", async () => {
    const device = rig.usmp();
    const aborted = await warningsDuring(() => device.begin(rig.dialer(), { signal: AbortSignal.abort() }));
    const wrong = await warningsDuring(() => device.begin("192.168.1.100" as never));
    expect([aborted, wrong.map(({ message }) => message.includes("Usmp.TCP(host)"))]).to.deep.equal([[], [true]]);
  });

  it("but connects, and loses its session, warns nobody before an attempt fails", async () => {
    const gateway = await rig.gateway();
    const device = rig.usmp();
    const before = await warningsDuring(async () => {
      await rig.connect(device);
      rig.network.cut();
      await rig.pass(FIRST_WINDOW_MS);
    });
    const after = await warningsDuring(async () => {
      await rig.until(gateway.close());
      await rig.pass(2 * FIRST_WINDOW_MS);
    });
    expect([before.length, after.length]).to.deep.equal([0, 1]);
  });

  it("as a UsmpClient rejects, and warns nobody", async () => {
    const client = new UsmpClient({ psk: PSK, transport: rig.dialer(), clock: rig.clock, crypto });
    const warnings = await warningsDuring(async () => {
      expect((await rejectionOf(rig.until(client.connect()))).code).to.equal("TRANSPORT");
    });
    expect(warnings).to.deep.equal([]);
  });
});
