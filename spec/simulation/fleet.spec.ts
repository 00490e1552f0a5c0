/** Adversarial case 59: a gateway restarts under 4,096 devices, on simulated time, with real handshakes. */
import { expect } from "chai";
import sinon from "sinon";
import type { Dialer } from "../../lib/transport/transport.js";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { MemoryNetwork } from "../../lib/testing/network/memory.js";
import { SeededRandom } from "../../lib/transport/random.js";
import { Usmp } from "../../lib/usmp.js";
import { crypto, PSK } from "../support/facade-rig.js";

const DEVICES = 4_096;
const SEED = 59;
const BACK_WITHIN_MS = 180_000;
const MAX_ATTEMPTS_A_SECOND = 400;

describe("case 59: a fleet whose gateway restarts", function () {
  this.timeout(120_000);
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, seed: SEED });
  const devices: Usmp[] = [];
  /** Attempts by the second in which they began. */
  let attempts = new Map<number, number>();
  let gateway: Usmp;

  const dialer = network.dialer();
  const counted: Dialer = {
    describe: () => dialer.describe(),
    dial: (options) => {
      const second = Math.floor(clock.now() / 1_000);
      attempts.set(second, (attempts.get(second) ?? 0) + 1);
      return dialer.dial(options);
    },
  };

  /** All of them dial from the one address of the network in memory. */
  const ONE_ADDRESS = {
    maxSessions: 2 * DEVICES,
    maxSessionsPerAddress: 2 * DEVICES,
    maxHandshakesPerSecondPerAddress: 1_000,
    handshakeBurstPerAddress: 1_000,
    maxHandshakesPerAddress: 256,
  };

  async function startGateway(): Promise<void> {
    gateway = new Usmp(PSK, { clock, crypto, ...ONE_ADDRESS });
    const listening = gateway.listen(network.acceptor());
    await clock.advance(0);
    await listening;
  }

  const connected = (): number => devices.filter((device) => device.alive()).length;

  before(async () => {
    const random = new SeededRandom(SEED);
    sinon.stub(Math, "random").callsFake(() => random.next());
    await startGateway();
    for (let index = 0; index < DEVICES; index++) {
      const device = new Usmp(PSK, { clock, crypto, reconnect: { firstDelayMs: 30_000 } });
      devices.push(device);
      device.beginAsync(counted);
    }
    await clock.advance(40_000);
    expect(connected()).to.equal(DEVICES);
  });

  after(async () => {
    sinon.restore();
    const closing = Promise.all([...devices, gateway].map((facade) => facade.close()));
    await clock.advance(5_000);
    await closing;
    expect(clock.pending, "timers left behind").to.equal(0);
  });

  for (const outageMs of [0, 2_000, 5_000, 60_000]) {
    it(`has all back within 3 minutes of an outage of ${outageMs} ms, in no second more than ${MAX_ATTEMPTS_A_SECOND} attempts`, async () => {
      attempts = new Map();
      network.cut();
      const stopping = gateway.close();
      await clock.advance(outageMs);
      await stopping;
      expect(connected()).to.equal(0);
      await startGateway();
      await clock.advance(BACK_WITHIN_MS);
      expect(connected()).to.equal(DEVICES);
      expect(Math.max(...attempts.values())).to.be.within(DEVICES / 60, MAX_ATTEMPTS_A_SECOND);
    });
  }
});
