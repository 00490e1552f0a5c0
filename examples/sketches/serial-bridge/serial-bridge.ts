/*
 * Serial bridge: a device that speaks lines on a serial port, such as an old scale or meter, becomes a secure one.
 *
 * Each line from the device is a message to the gateway, each message from the gateway a line to the device. Without a
 * session the last 32 lines are kept, and "dropped 5" tells first what was not.
 */
import {
  byte,
  isMain,
  memcpy,
  millis,
  runSketch,
  Serial,
  Serial1,
  SERIAL_8N1,
  uint32_t,
  USMP,
  USMPClient,
} from "usmp/arduino";

const PSK = process.env["USMP_PSK"] ?? "usmp-dev-psk-change-me-before-prod";
const SERVER_IP = process.env["USMP_HOST"] ?? "127.0.0.1";
const SERVER_PORT = Number(process.env["USMP_PORT"] ?? 9000);
const WIFI_SSID = "my network";
const WIFI_PASS = "its password";

const RX_PIN = 16;
const TX_PIN = 17;
const BAUD = 9600;
const MAX_LINE = 120;
const KEPT_LINES = 32;
const RETRY_MS = 5_000;

export default function serialBridge() {
  const usmp = new USMPClient(PSK);

  // Bytes and their number: a device may well send a NUL, which would end a string.
  const line = new Uint8Array(MAX_LINE);
  let lineLen = 0;
  let tooLong = false;

  const kept = Array.from({ length: KEPT_LINES }, () => new Uint8Array(MAX_LINE));
  const keptLen = new Uint8Array(KEPT_LINES);
  let oldest = 0;
  let count = 0;
  let dropped = 0;
  let begun = false;
  let lastBeginMs = 0;

  function keep(bytes: Uint8Array, len: number) {
    const newest = (oldest + count) % KEPT_LINES;
    memcpy(kept[newest]!, bytes, len);
    keptLen[newest] = len;
    if (count < KEPT_LINES) {
      count++;
    } else {
      oldest = (oldest + 1) % KEPT_LINES;
      dropped++;
    }
  }

  function onLine() {
    if (tooLong) {
      dropped++; // half a line could be taken for a whole one: "12" for "1250 g"
    } else if (lineLen > 0) {
      keep(line, lineLen);
    }
  }

  function readDevice() {
    while (Serial1.available() > 0) {
      const c = Serial1.read();
      if (c === byte("\n")) {
        onLine();
        lineLen = 0;
        tooLong = false;
      } else if (c === byte("\r")) {
        continue;
      } else if (lineLen < MAX_LINE) {
        line[lineLen++] = c;
      } else {
        tooLong = true;
      }
    }
  }

  function sendKept() {
    if (!usmp.alive()) return;
    if (dropped > 0 && usmp.send(`dropped ${dropped}`)) dropped = 0;
    while (count > 0 && usmp.send(kept[oldest]!, keptLen[oldest])) {
      oldest = (oldest + 1) % KEPT_LINES;
      count--;
    }
  }

  function onMessage(data: Uint8Array, len: number) {
    Serial1.write(data, len);
    Serial1.print("\r\n");
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
    Serial1.begin(BAUD, SERIAL_8N1, RX_PIN, TX_PIN);
    usmp.onMessage(onMessage);
  }

  function loop() {
    keepSession();
    readDevice();
    sendKept();
  }

  return { setup, loop };
}

if (isMain(import.meta)) await runSketch(serialBridge);
