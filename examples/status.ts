/**
 * What a device tells of itself while its network is taken away and given back: npx tsx examples/status.ts
 *
 * Between the device and the gateway is a cable that can be pulled: it carries datagrams, or drops them.
 */
import { createSocket } from "node:dgram";
import { setTimeout as delay } from "node:timers/promises";
import { Usmp } from "usmp";

const PSK = "usmp-dev-psk-change-me-before-prod";
const HOST = "127.0.0.1";

const gateway = new Usmp(PSK);
gateway.onMessage((data, _length, session) => session.sendAsync(`got ${Buffer.from(data).toString()}`));
const [listening] = await gateway.listen(Usmp.UDP(HOST, 0));

const cable = { pulled: false };
const near = createSocket("udp4");
const far = createSocket("udp4");
let devicePort = 0;
near.on("message", (datagram, { port }) => {
  devicePort = port;
  if (!cable.pulled) far.send(datagram, listening?.port ?? 0, HOST);
});
far.on("message", (datagram) => {
  if (!cable.pulled) near.send(datagram, devicePort, HOST);
});
await new Promise<void>((resolve) => near.bind(0, HOST, resolve));

// A device that notices soon: by default it takes up to a minute, and the first attempt to come back follows within 2 s.
const device = new Usmp(PSK, {
  keepaliveMs: 500,
  pongTimeoutMs: 500,
  handshakeTimeoutMs: 1_000,
  reconnect: { minDelayMs: 200, maxDelayMs: 500 },
});

async function tellStatus(): Promise<void> {
  for await (const status of device.status()) {
    const reason = "reason" in status ? ` (${status.reason.code})` : "";
    const delayMs = "delayMs" in status ? `, again in ${Math.round(status.delayMs)} ms` : "";
    console.log(`  ${status.state}${reason}${delayMs}`);
  }
}

const telling = tellStatus();
device.onMessage((data) => console.log(data.toString()));

await device.begin(Usmp.UDP(HOST, near.address().port));
await device.sendAsync("one");
await delay(100);

console.log("the cable is pulled");
cable.pulled = true;
await delay(2_500);

console.log("the cable is back");
cable.pulled = false;
while (!device.alive()) await delay(50);
await device.sendAsync("two");
await delay(100);

const { reconnects, retransmissions } = device.stats();
console.log(`came back ${reconnects} time(s); ${retransmissions > 0 ? "some" : "no"} frames were sent again`);
await device.close();
await telling;
await gateway.close();
near.close();
far.close();
