/**
 * One facade that connects and disconnects over and over while its gateway is killed and started again at random.
 * SOAK_SCALE=0.1 runs a tenth of it.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "chai";
import type { Dialer } from "../../lib/transport/transport.js";
import { Usmp } from "../../lib/usmp.js";
import { SeededRandom } from "../../lib/transport/random.js";
import { PSK } from "../support/facade-rig.js";
import { GatewayProcess, type Carrier } from "./gateway-process.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const SCALE = Number(process.env["SOAK_SCALE"] ?? 1);
const SEED = 4;
const MEBIBYTE = 1024 * 1024;
const MAX_GROWTH_BYTES = 5 * MEBIBYTE;
const WARM_UP_CYCLES = 200;

const CYCLES: Readonly<Record<Carrier, number>> = { tcp: 10_000, udp: 2_000 };
/** The gateway is killed about this often. */
const CYCLES_PER_KILL: Readonly<Record<Carrier, number>> = { tcp: 250, udp: 100 };

/** What is left after garbage collection, when everything that was about to end has ended. */
async function heapUsed(): Promise<number> {
  for (let round = 0; round < 5; round++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage().heapUsed;
}

function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => /^(TCP|UDP)/.test(name)).length;
}

for (const carrier of ["tcp", "udp"] as const) {
  describe(`soak over ${carrier}: one facade, a gateway that comes and goes, seed ${SEED}`, function () {
    this.timeout(600_000);
    const cycles = Math.ceil(CYCLES[carrier] * SCALE);
    const gateway = new GatewayProcess(carrier);
    const random = new SeededRandom(SEED);

    after(() => gateway.kill());

    it(`${cycles} cycles: no memory kept, no handle left, no event out of order`, async () => {
      await gateway.start();
      const usmp = new Usmp(PSK, {
        reconnect: false,
        handshakeTimeoutMs: 1_000,
        closeTimeoutMs: 200,
        keepaliveMs: 500,
        pongTimeoutMs: 500,
      });
      const story: string[] = [];
      let echoes = 0;
      let answered: () => void = () => {};
      usmp.onConnect(() => story.push("connect"));
      usmp.onReconnect(() => story.push("reconnect"));
      usmp.onDisconnect(() => (story.push("disconnect"), answered()));
      usmp.onMessage(() => (echoes++, answered()));
      usmp.onError(() => {});
      const placeOf = (port: number): Dialer =>
        carrier === "udp" ? Usmp.UDP("127.0.0.1", port) : Usmp.TCP("127.0.0.1", port);
      let restarting: Promise<void> | null = null;
      let kills = 0;
      let failures = 0;
      const handles = sockets();

      const cycle = async (): Promise<void> => {
        story.length = 0;
        const connected = await usmp.begin(placeOf(gateway.port));
        if (connected) {
          const answer = new Promise<void>((resolve) => (answered = resolve));
          if (usmp.send("ping")) await answer;
        } else {
          failures++;
          // Nobody is there: whoever tries without a pause keeps the machine from starting it.
          await (restarting ?? new Promise((resolve) => setTimeout(resolve, 10)));
        }
        await usmp.close();
        const told = story.join(" ");
        expect(told).to.equal(connected ? "connect disconnect" : "");
        await Promise.resolve();
        expect(story.join(" "), "told after close() had resolved").to.equal(told);
      };

      for (let number = 0; number < WARM_UP_CYCLES; number++) await cycle();
      const before = await heapUsed();
      for (let number = 0; number < cycles; number++) {
        if (restarting === null && random.chance(1 / CYCLES_PER_KILL[carrier])) {
          kills++;
          const delayMs = random.below(300);
          restarting = gateway
            .kill()
            .then(() => new Promise((resolve) => setTimeout(resolve, delayMs)))
            .then(() => gateway.start())
            .finally(() => (restarting = null));
        }
        await cycle();
      }
      await restarting;
      const grownBy = (await heapUsed()) - before;
      console.log(
        `      ${kills} kills, ${failures} attempts that failed, ${echoes} echoes, heap ${(grownBy / MEBIBYTE).toFixed(2)} MiB more`,
      );
      expect(grownBy).to.be.at.most(MAX_GROWTH_BYTES);
      expect(sockets(), "sockets left behind").to.equal(handles);
      expect(kills).to.be.greaterThan(0);
      expect(echoes).to.be.greaterThan(cycles / 2);
    });
  });
}
