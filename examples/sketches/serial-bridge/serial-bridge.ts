/*
 * Serial bridge: a device that speaks lines on a serial port, such as an old scale or meter, becomes a secure one.
 *
 * Each line from the device is a message to the gateway, each message from the gateway a line to the device. Without a
 * session the last 32 lines are kept, and "dropped 5" tells first what was not.
 */
import { isMain, millis, runSketch, Serial, Serial1, SERIAL_8N1, uint32_t, USMP, USMPClient } from "usmp/arduino";

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

  let line: number[] = [];
  let tooLong = false;

  const kept: Uint8Array[] = [];
  let dropped = 0;
  let begun = false;
  let lastBeginMs = 0;

  function keep(text: Uint8Array) {
    kept.push(text);
    if (kept.length > KEPT_LINES) {
      kept.shift();
      dropped++;
    }
  }

  function onLine() {
    if (tooLong) {
      dropped++; // half a line could be taken for a whole one: "12" for "1250 g"
    } else if (line.length > 0) {
      keep(Uint8Array.from(line));
    }
  }

  function readDevice() {
    while (Serial1.available() > 0) {
      const c = Serial1.read();
      if (c === 0x0a) {
        onLine();
        line = [];
        tooLong = false;
      } else if (c === 0x0d) {
        continue;
      } else if (line.length < MAX_LINE) {
        line.push(c);
      } else {
        tooLong = true;
      }
    }
  }

  function sendKept() {
    if (!usmp.alive()) return;
    if (dropped > 0 && usmp.send(`dropped ${dropped}`)) dropped = 0;
    while (kept.length > 0 && usmp.send(kept[0]!)) kept.shift();
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
