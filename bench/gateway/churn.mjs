// Devices that come, exchange a message, and go, again and again. Arguments: PSK, TCP port, UDP port, how many devices there are.
import { UsmpClient } from "usmp";
import { setTimeout as sleep } from "node:timers/promises";

import { obey, tell } from "../peers/lines.mjs";
import { dialerFor, sourceAddress } from "./dialers.mjs";
import { connectAtLast, paced, tries } from "./pace.mjs";

const [psk, tcp, udp, all] = process.argv.slice(2);

/** Every fourth device speaks UDP. */
const UDP_EVERY = 4;
const ECHO_LIMIT_MS = 20_000;
const STAY_MS = 400;

/** Over the whole life of this process, so that each device comes as often as the others. */
let visits = 0;
const failed = {};

function open(device) {
  const carrier = device % UDP_EVERY === 0 ? "udp" : "tcp";
  const dialer = dialerFor(carrier, Number(carrier === "udp" ? udp : tcp), sourceAddress(device));
  const deviceId = [2, 1, 0, 0, device >> 8, device & 0xff].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
  return { carrier, dialer, client: new UsmpClient({ transport: dialer, psk, deviceId }) };
}

async function exchange(client, text) {
  await connectAtLast(client);
  await client.sendAsync(text);
  const echo = await client.recv({ timeoutMs: ECHO_LIMIT_MS });
  if (echo.toString() !== text) throw new Error("another text came back");
}

/** One visit in one of three manners; how many sessions it took. */
async function visit() {
  const number = visits++;
  const device = number % Number(all);
  // The next time it leaves in another manner.
  const manner = (number + Math.floor(number / Number(all))) % 3;
  const { carrier, dialer, client } = open(device);
  await exchange(client, `message ${number}`);
  await sleep(STAY_MS * ((number * 7919) % 100) * 0.01);
  if (manner === 1 && carrier === "tcp") {
    // Its power fails: no BYE.
    dialer.link.destroy();
    return 1;
  }
  if (manner === 2) {
    // It restarts and is back before the gateway has noticed that it was away.
    const again = open(device).client;
    await exchange(again, `again ${number}`);
    await Promise.all([again.disconnect(), client.disconnect()]);
    return 2;
  }
  await client.disconnect();
  return 1;
}

obey({
  /** Visits at `perSecond`; resolves when everybody has left. */
  async round({ count, perSecond }) {
    const sessions = await paced(count, perSecond, () =>
      visit().catch((error) => {
        const what = error.code ?? error.message;
        failed[what] = (failed[what] ?? 0) + 1;
        return 0;
      }),
    );
    return { sessions: sessions.reduce((sum, each) => sum + each, 0), failed, triedAgain: tries.again };
  },
});
tell({ event: "ready" });
