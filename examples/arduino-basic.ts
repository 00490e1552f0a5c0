/**
 * An Arduino sketch, line by line in TypeScript: setup() once, loop() for ever, nothing but what a board has.
 *
 *     npx tsx examples/echo-gateway.ts &
 *     npx tsx examples/arduino-basic.ts 127.0.0.1
 */
import { setTimeout as delay } from "node:timers/promises";
import { Usmp } from "usmp";

const PSK = process.env["USMP_PSK"] ?? "usmp-dev-psk-change-me-before-prod";
const [SERVER_IP = "127.0.0.1", SERVER_PORT = "9000"] = process.argv.slice(2);
const WIFI_SSID = "my network";
const WIFI_PASS = "its password";
const SEND_EVERY_MS = 1_000;

// Polled: callbacks run within maintain(), where a board runs them.
const usmp = new Usmp(PSK, { polled: true });
const power = { on: true };
let lastSendMs = 0;
let count = 0;

async function setup(): Promise<void> {
  usmp.onConnect(() => console.log("session", usmp.sessionId()));
  usmp.onDisconnect((reason) => {
    console.log("lost:", reason.code);
    if (reason.code === "BYE") power.on = false;
  });

  usmp.onError(({ code, message }) => console.log(`not connected, retrying: ${code}: ${message}`));

  await usmp.begin(Usmp.TCP(SERVER_IP, Number(SERVER_PORT)).wifi(WIFI_SSID, WIFI_PASS));
}

async function loop(): Promise<void> {
  usmp.maintain();

  if (usmp.available()) {
    console.log("RX:", usmp.readString());
  }

  if (usmp.connected() && performance.now() - lastSendMs >= SEND_EVERY_MS) {
    lastSendMs = performance.now();
    if (!usmp.send(`message ${++count}`)) console.log("not sent:", usmp.lastErrorString());
  }
  await delay(10);
}

// A board never gets here: what follows stands for its power switch.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => (power.on = false));
await setup();
while (power.on) await loop();
await usmp.close();
