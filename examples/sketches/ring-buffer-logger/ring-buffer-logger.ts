/*
 * Ring-buffer logger: a reading each second, kept in a ring while there is no session, and sent in batches later.
 *
 * To the gateway:   lines "seconds,value", up to 20 in a message; before them "overwritten 7", where the ring was full.
 * From the gateway: "ok", when it has stored a message.
 *
 * A lost network is noticed late, by the keepalive, and until then send() says true. So a batch stays in the ring until
 * the gateway has answered, and is sent again in the next session; the gateway tells copies by their seconds.
 */
import {
  analogRead,
  charArray,
  isMain,
  millis,
  runSketch,
  Serial,
  snprintf,
  String,
  uint32_t,
  USMP,
  USMPClient,
} from "usmp/arduino";

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
  let inFlight = 0; // so many of the oldest were sent, and not answered yet
  let overwritten = 0;
  let overwrittenInFlight = 0;
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
      if (inFlight > 0) inFlight--;
    }
  }

  function drop(entries: number) {
    oldest = (oldest + entries) % RING;
    count -= entries;
  }

  function onConnect() {
    inFlight = 0;
  }

  function onMessage(data: Uint8Array, len: number) {
    if (len !== 2 || !String(data).equals("ok") || inFlight === 0) return;
    drop(inFlight);
    inFlight = 0;
    overwritten -= overwrittenInFlight;
  }

  // One batch at a time: a ring that is flushed at once would hold up the readings.
  function flushSome() {
    if (count === 0 || inFlight > 0 || !usmp.alive()) return;

    const batch = count < BATCH ? count : BATCH;
    const text = charArray(23 + BATCH * 17 + 1); // "overwritten " and a line have at most 10 digits for a number of 32 bits
    let len = 0;
    if (overwritten > 0) len = snprintf(text, text.length, "overwritten %lu\n", overwritten);
    for (let i = 0; i < batch; i++) {
      const entry = ring[(oldest + i) % RING]!;
      len += snprintf(text.subarray(len), text.length - len, "%lu,%u\n", entry.seconds, entry.value);
    }
    if (!usmp.send(text, len)) return;
    inFlight = batch;
    overwrittenInFlight = overwritten;
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
    usmp.onConnect(onConnect);
    usmp.onMessage(onMessage);
    lastLogMs = millis();
  }

  function loop() {
    keepSession();

    const elapsedMs = uint32_t(millis() - lastLogMs);
    if (elapsedMs >= LOG_EVERY_MS) {
      // Seconds that connecting took are missing, not made up: on a board, that is; here nothing blocks.
      lastLogMs = uint32_t(lastLogMs + elapsedMs - (elapsedMs % LOG_EVERY_MS));
      push({ seconds: Math.trunc(lastLogMs / 1000), value: analogRead(SENSOR_PIN) });
    }

    flushSome();
  }

  return { setup, loop };
}

if (isMain(import.meta)) await runSketch(ringBufferLogger);
