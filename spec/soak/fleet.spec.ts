/** 500 devices with real sockets whose gateway is killed and started again. */
import { expect } from "chai";
import type { Dialer } from "../../lib/transport/transport.js";
import { Usmp } from "../../lib/usmp.js";
import { PSK } from "../support/facade-rig.js";
import { eventually } from "../support/session-waits.js";
import { GatewayProcess } from "./gateway-process.js";

const DEVICES = 500;
const FIRST_DELAY_MS = 5_000;
/** Even: 100 a second. Six standard deviations above it, and those that come a second time because the gateway starts slowly. */
const MAX_ATTEMPTS_A_SECOND = 200;

describe(`soak: ${DEVICES} devices whose gateway restarts`, function () {
  this.timeout(120_000);
  const gateway = new GatewayProcess("tcp");
  const devices: Usmp[] = [];
  let attempts = new Map<number, number>();

  after(async () => {
    await Promise.all(devices.map((device) => device.close()));
    await gateway.kill();
  });

  it(`come all back, in no second more than ${MAX_ATTEMPTS_A_SECOND} attempts`, async () => {
    await gateway.start();
    const transport = Usmp.TCP("127.0.0.1", gateway.port);
    const counted: Dialer = {
      describe: () => transport.describe(),
      dial: (options) => {
        const second = Math.floor(performance.now() / 1_000);
        attempts.set(second, (attempts.get(second) ?? 0) + 1);
        return transport.dial(options);
      },
    };
    for (let index = 0; index < DEVICES; index++) {
      const device = new Usmp(PSK, { reconnect: { firstDelayMs: FIRST_DELAY_MS } });
      devices.push(device);
      device.beginAsync(counted);
    }
    const connected = (): number => devices.filter((device) => device.alive()).length;
    await eventually(() => connected() === DEVICES, "the first sessions", 60_000);
    attempts = new Map();
    await gateway.kill();
    await eventually(() => connected() === 0, "the loss of all", 5_000);
    await gateway.start();
    await eventually(() => connected() === DEVICES, "all to be back", 60_000);
    const most = Math.max(...attempts.values());
    console.log(`      at most ${most} attempts in a second, ${[...attempts.values()].reduce((a, b) => a + b)} in all`);
    expect(most).to.be.at.most(MAX_ATTEMPTS_A_SECOND);
    expect(most).to.be.at.least(DEVICES / (FIRST_DELAY_MS / 1_000) / 2);
  });
});
