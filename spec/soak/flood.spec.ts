/**
 * What a stranger's copies cost a gateway in a process of its own, against as many datagrams that it drops for their length. Both come
 * at the same rate, in turns, and the medians are compared: a machine that is slow for a while is slow for both.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { concat } from "../../lib/core/wire/bytes.js";
import { FrameType } from "../../lib/core/wire/wire.js";
import { PSK } from "../support/facade-rig.js";
import { utf8 } from "../support/core-bytes.js";
import { UdpHostile } from "../support/udp-hostile.js";

const SCRIPT = fileURLToPath(new URL("flooded-gateway.ts", import.meta.url));

const PER_SECOND = 2_200;
const PER_ROUND = 2_200;
const ROUNDS = 7;
/** Until the gateway's code is compiled. */
const WARM_UP_ROUNDS = 3;
/** More at once only after a stall of this machine: they are left to the next turns. */
const MAX_AT_ONCE = 22;
const MAX_RATIO = 1.5;

/** Sends `count` datagrams at the rate of the flood. */
async function flood(device: UdpHostile, datagrams: readonly Uint8Array[], count: number): Promise<void> {
  let sent = 0;
  let due = 0;
  let at = performance.now();
  while (sent < count) {
    await sleep(1);
    const now = performance.now();
    due = Math.min(due + ((now - at) / 1_000) * PER_SECOND, MAX_AT_ONCE);
    at = now;
    for (; due >= 1 && sent < count; due--) device.write(datagrams[sent++ % datagrams.length]!);
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

describe(`a flood of ${PER_SECOND} copies a second over UDP`, function () {
  this.timeout(120_000);
  let gateway: ChildProcess;
  let device: UdpHostile;

  async function cpuMicroseconds(): Promise<number> {
    await sleep(20);
    const answer = once(gateway, "message", { signal: AbortSignal.timeout(20_000) });
    gateway.send("cpu");
    const [{ cpuMicroseconds }] = (await answer) as [{ cpuMicroseconds: number }];
    return cpuMicroseconds;
  }

  /** What one of `datagrams` costs the gateway. */
  async function cost(...datagrams: readonly Uint8Array[]): Promise<number> {
    const before = await cpuMicroseconds();
    await flood(device, datagrams, PER_ROUND);
    return ((await cpuMicroseconds()) - before) / PER_ROUND;
  }

  /** Copies are compared with what has a byte too many. */
  async function expectCheap(what: string, copiesOf: () => readonly Uint8Array[]): Promise<void> {
    const [dropped, copies]: [number[], number[]] = [[], []];
    for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
      const datagrams = copiesOf();
      const withoutWork = await cost(...datagrams.map((datagram) => concat(datagram, Uint8Array.of(0))));
      const ofCopies = await cost(...datagrams);
      if (round < 0) continue;
      dropped.push(withoutWork);
      copies.push(ofCopies);
    }
    const ratio = median(copies) / median(dropped);
    const shown = [median(copies), median(dropped)].map((each) => each.toFixed(1));
    console.log(`      ${what}: ${shown[0]} us each, dropped ones ${shown[1]} us, ${ratio.toFixed(2)} times`);
    expect(ratio).to.be.at.most(MAX_RATIO);
  }

  beforeEach(async () => {
    gateway = fork(SCRIPT, { execArgv: ["--import=tsx"] });
    const [{ port }] = (await once(gateway, "message", { signal: AbortSignal.timeout(20_000) })) as [{ port: number }];
    device = await UdpHostile.open(port, { psk: utf8(PSK) });
  });

  afterEach(async () => {
    await device.close();
    const gone = once(gateway, "exit");
    gateway.kill("SIGKILL");
    await gone;
  });

  async function helloWithCookie(): Promise<Uint8Array> {
    device.write(device.hello());
    return device.hello((await device.frame(FrameType.HELLO_RETRY)).subarray(12));
  }

  it("case 73: of one HELLO with a valid cookie", async () => {
    const hello = await helloWithCookie();
    await expectCheap("HELLO", () => [hello]);
  });

  it("case 73: of a recorded proof", async () => {
    const proof = await device.prove();
    device.write(proof);
    await device.frame(FrameType.SESSION_OK);
    await expectCheap("HELLO_ACK", () => [proof]);
  });

  for (const length of [0, 452]) {
    it(`case 73: of one recorded datagram of a session, of ${length} bytes`, async () => {
      await device.establish();
      await expectCheap(`DATA of ${length} bytes`, () => {
        const newest = device.sealed(FrameType.DATA, new Uint8Array(length));
        device.write(newest);
        return [newest];
      });
    });
  }

  it("case 73: of eight recorded datagrams of a session, in turns", async () => {
    await device.establish();
    await expectCheap("older DATA", () => {
      const recorded = Array.from({ length: 8 }, () => device.sealed(FrameType.DATA, new Uint8Array(32)));
      device.write(...recorded);
      return recorded;
    });
  });
});
