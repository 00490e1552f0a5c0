// Devices that stay: sessions of the built package, each of which sends now and then and waits for its echo.
// Arguments: PSK, carrier ("tcp", "udp", or "plain" for sockets alone), port, number of the first device.
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";

import { UsmpClient } from "usmp";
import { obey, tell } from "../peers/lines.mjs";
import { connectFrom, dialerFor, sourceAddress } from "./dialers.mjs";
import { connectAtLast, paced, spread, tries } from "./pace.mjs";
import { strain } from "./strain.mjs";

const [psk, carrier, port, first] = process.argv.slice(2);
const SIZE = 32;
/** What has not come back by then is missing: over UDP it was sent again several times. */
const LAST_ECHO_MS = 20_000;

const devices = [];
const lost = {};
let microseconds = [];

async function connect(index) {
  const number = Number(first) + index;
  const device = { client: null, sentAt: null };
  const onMessage = () => {
    microseconds.push(Math.round((performance.now() - device.sentAt) * 1000));
    device.sentAt = null;
  };
  const open = carrier === "plain" ? connectPlain : connectSession;
  device.client = await open(number, onMessage);
  devices.push(device);
}

async function connectSession(number, onMessage) {
  const client = new UsmpClient({
    transport: dialerFor(carrier, Number(port), sourceAddress(number)),
    psk,
    deviceId: deviceId(number),
  });
  client.onMessage(onMessage);
  client.on("disconnect", ({ code }) => {
    lost[code] = (lost[code] ?? 0) + 1;
  });
  await connectAtLast(client);
  return client;
}

/** As far as it is used here, a socket as a client. */
async function connectPlain(number, onMessage) {
  const socket = await connectFrom(Number(port), sourceAddress(number));
  socket.on("data", onMessage);
  socket.on("error", () => {});
  socket.resume();
  return { isConnected: true, send: (data) => socket.write(data) };
}

function deviceId(number) {
  return [2, 0, number >> 24, number >> 16, number >> 8, number]
    .map((byte) => (byte & 0xff).toString(16).padStart(2, "0"))
    .join(":");
}

/** Whose session ended misses nothing: that is counted as lost. */
const waiting = () => devices.filter(({ client, sentAt }) => client.isConnected && sentAt !== null).length;

obey({
  async connect({ count, perSecond }) {
    const before = devices.length;
    await paced(count, perSecond, (index) => connect(before + index));
  },

  /** Every device sends once in `everyMs`, for `ms`. */
  async echo({ ms, everyMs }) {
    microseconds = [];
    let sent = 0;
    let skipped = 0;
    const data = new Uint8Array(SIZE);
    await spread(Math.round((devices.length * ms) / everyMs), ms, (index) => {
      const device = devices[index % devices.length];
      // The last echo is still out: a second one could not be told from it.
      if (device.sentAt !== null) skipped++;
      else {
        device.sentAt = performance.now();
        if (device.client.send(data)) sent++;
        else device.sentAt = null;
      }
    });
    const until = performance.now() + LAST_ECHO_MS;
    while (waiting() > 0 && performance.now() < until) await sleep(10);
    return { sent, skipped, missing: waiting(), microseconds };
  },

  strain,
  counts: () => ({ live: devices.filter(({ client }) => client.isConnected).length, lost, triedAgain: tries.again }),
});
tell({ event: "ready" });
