// Devices of one kind: sessions that stay and send now and then, or visits that come and go. Arguments: PSK, carrier, port, a number of
// this process.
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { TcpTransport, UdpTransport, UsmpClient } from "usmp";

import { obey, tell } from "../peers/control.mjs";

const [psk, carrier, port, processNumber] = process.argv.slice(2);

const STEP_MS = 1;
const AT_ONCE = 32;
/** An echo that has not come back by then is missing: over UDP its message was sent several times. */
const ECHO_LIMIT_MS = 20_000;
/** Devices try again, so these do. */
const TRIES = 4;

const devices = [];
const lost = {};
let microseconds = [];
let triedAgain = 0;

/** A transport that gives away its link: to destroy it is to cut a device's power. */
function transport() {
  const dialer = new (carrier === "udp" ? UdpTransport : TcpTransport)("127.0.0.1", Number(port));
  const shared = {
    kind: dialer.kind,
    describe: () => dialer.describe(),
    dial: async (options) => (shared.link = await dialer.dial(options)),
    link: null,
  };
  return shared;
}

async function open(number, onMessage) {
  const deviceId = [2, Number(processNumber), number >> 24, number >> 16, number >> 8, number]
    .map((byte) => (byte & 0xff).toString(16).padStart(2, "0"))
    .join(":");
  const dialer = transport();
  const client = new UsmpClient({ transport: dialer, psk, deviceId });
  client.onMessage(onMessage);
  for (let left = TRIES - 1; ; left--) {
    try {
      await client.connect();
      return { client, dialer };
    } catch (error) {
      if (left === 0) throw error;
      triedAgain++;
    }
  }
}

async function openToStay(number) {
  const device = { client: null, sentAt: null };
  const { client } = await open(number, () => {
    microseconds.push(Math.round((performance.now() - device.sentAt) * 1000));
    device.sentAt = null;
  });
  client.on("disconnect", ({ code }) => (lost[code] = (lost[code] ?? 0) + 1));
  device.client = client;
  devices.push(device);
}

/** One visit: how many sessions it took. A device leaves with BYE, without, or is back before the gateway noticed that it was away. */
async function visit(number, manner) {
  const exchange = async () => {
    let arrived;
    const echo = new Promise((resolve) => (arrived = resolve));
    const device = await open(number, arrived);
    await device.client.sendAsync("a message");
    if ((await Promise.race([echo, sleep(ECHO_LIMIT_MS)])) === undefined) throw new Error("no echo");
    return device;
  };
  const { client, dialer } = await exchange();
  if (manner === "without BYE" && carrier === "tcp") dialer.link.destroy();
  else if (manner === "twice") {
    const again = await exchange();
    await Promise.all([again.client.disconnect(), client.disconnect()]);
    return 2;
  } else await client.disconnect();
  return 1;
}

const MANNERS = ["with BYE", "without BYE", "twice"];
let visits = 0;

/** Calls `each` `count` times, evenly over `ms`; what is late is made up for at once. */
async function spread(count, ms, each) {
  const start = performance.now();
  for (let done = 0; done < count;) {
    const due = Math.min(count, 1 + Math.floor(((performance.now() - start) / ms) * count));
    while (done < due) each(done++);
    await sleep(STEP_MS);
  }
}

/** Calls `each` `count` times, `AT_ONCE` at a time; resolves with what each came to. More at a time overflow the system's queue. */
async function some(count, each) {
  const results = [];
  let begun = 0;
  const next = async () => {
    while (begun < count) results.push(await each(begun++));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  return results;
}

const waiting = () => devices.filter(({ client, sentAt }) => client.isConnected && sentAt !== null).length;

obey({
  async connect({ count }) {
    const before = devices.length;
    await some(count, (index) => openToStay(before + index));
  },

  /** Each device sends 32 bytes once in `everyMs`, for `ms`; one whose last echo is still on its way sends nothing. */
  async echo({ ms, everyMs }) {
    microseconds = [];
    let sent = 0;
    const data = new Uint8Array(32);
    await spread(Math.round((devices.length * ms) / everyMs), ms, (index) => {
      const device = devices[index % devices.length];
      if (device.sentAt !== null || !device.client.isConnected) return;
      device.sentAt = performance.now();
      if (device.client.send(data)) sent++;
      else device.sentAt = null;
    });
    const until = performance.now() + ECHO_LIMIT_MS;
    while (waiting() > 0 && performance.now() < until) await sleep(10);
    return { sent, missing: waiting(), microseconds };
  },

  /** `count` visits of `known` devices; each device leaves in another manner each time. */
  async visits({ count, known }) {
    const failed = {};
    const sessions = await some(count, async () => {
      const number = visits++;
      const manner = MANNERS[(number + Math.floor(number / known)) % MANNERS.length];
      return visit(number % known, manner).catch((error) => {
        const what = error.code ?? error.message;
        failed[what] = (failed[what] ?? 0) + 1;
        return 0;
      });
    });
    return { sessions: sessions.reduce((sum, each) => sum + each, 0), failed };
  },

  counts: () => ({ lost, triedAgain }),
});
tell({ event: "ready" });
