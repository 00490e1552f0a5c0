/*
 * Ring-buffer logger: a reading each second, kept in a ring while there is no session, and sent in batches later.
 *
 * To the gateway: lines "seconds,value", up to 20 in a message; "overwritten 7" first, where the ring was full.
 *
 * What send() took right before a session was lost may not have arrived: this logger accepts that. One that does not is
 * the sketch "shared-state".
 */
import { analogRead, isMain, millis, runSketch, Serial, uint32_t, USMP, USMPClient } from "usmp/arduino";

const PSK = process.env["USMP_PSK"] ?? "usmp-dev-psk-change-me-before-prod";
const SERVER_IP = process.env["USMP_HOST"] ?? "127.0.0.1";
const SERVER_PORT = Number(process.env["USMP_PORT"] ?? 9000);
const WIFI_SSID = "my network";
const WIFI_PASS = "its password";

const SENSOR_PIN = 34;
const LOG_EVERY_MS = 1_000;
const RING = 600; // ten minutes
const BATCH = 20;
const RETRY_MS = 5_000;

interface Entry {
  readonly seconds: number;
  readonly value: number;
}

export default function ringBufferLogger() {
  const usmp = new USMPClient(PSK);

  const ring: Entry[] = [];
  let oldest = 0;
  let count = 0;
  let overwritten = 0;
  let lastLogMs = 0;
  let begun = false;
  let lastBeginMs = 0;

  function push(entry: Entry) {
    ring[(oldest + count) % RING] = entry;
    if (count < RING) {
      count++;
    } else {
      oldest = (oldest + 1) % RING;
      overwritten++;
    }
  }

  function drop(entries: number) {
    oldest = (oldest + entries) % RING;
    count -= entries;
  }

  // At most one message in a turn: a ring that is flushed at once would hold up the readings.
  function flushSome() {
    if (count === 0 || !usmp.alive()) return;

    if (overwritten > 0) {
      if (usmp.send(`overwritten ${overwritten}`)) overwritten = 0;
      return;
    }

    const batch = count < BATCH ? count : BATCH;
    let text = "";
    for (let i = 0; i < batch; i++) {
      const entry = ring[(oldest + i) % RING]!;
      text += `${entry.seconds},${entry.value}\n`;
    }
    if (usmp.send(text)) drop(batch);
  }

  function keepSession() {
    if (begun) {
      usmp.maintain();
    } else if (lastBeginMs === 0 || uint32_t(millis() - lastBeginMs) >= RETRY_MS) {
      lastBeginMs = millis();
      begun = usmp.beginAsync(USMP.TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS));
    }
  }

  function setup() {
    Serial.begin(115200);
    lastLogMs = millis();
  }

  function loop() {
    keepSession();

    if (uint32_t(millis() - lastLogMs) >= LOG_EVERY_MS) {
      lastLogMs = uint32_t(lastLogMs + LOG_EVERY_MS);
      push({ seconds: Math.trunc(lastLogMs / 1000), value: analogRead(SENSOR_PIN) });
    }

    flushSome();
  }

  return { setup, loop };
}

if (isMain(import.meta)) await runSketch(ringBufferLogger);
