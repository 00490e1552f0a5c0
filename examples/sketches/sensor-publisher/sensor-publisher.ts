/*
 * Sensor publisher: the mean of 16 samples every 5 seconds, as a line of text; in the polling style, without callbacks.
 *
 * To the gateway:   "temp=21.5 missed=0\r\n"; "missed" counts the lines that no session was there for.
 * From the gateway: "now" asks for a line at once.
 */
import {
  analogRead,
  analogReadResolution,
  delay,
  isMain,
  millis,
  runSketch,
  Serial,
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
const SAMPLES = 16;
const PUBLISH_EVERY_MS = 5_000;

export default function sensorPublisher() {
  const usmp = new USMPClient(PSK);

  let lastPublishMs = 0;
  let missed = 0;

  function readCelsius(): number {
    let sum = 0;
    for (let i = 0; i < SAMPLES; i++) sum += analogRead(SENSOR_PIN);
    const milliVolts = ((sum / SAMPLES) * 3300) / 4095;
    return (milliVolts - 500) / 10;
  }

  function publish() {
    if (!usmp.alive()) {
      missed++;
      return;
    }
    // One message: print() gathers, the end of the line sends.
    usmp.print("temp=");
    usmp.print(readCelsius(), 1);
    usmp.print(" missed=");
    usmp.println(missed);
    missed = usmp.alive() ? 0 : missed + 1; // a send that fails ends the session
  }

  async function setup() {
    Serial.begin(115200);
    analogReadResolution(12);

    while (!(await usmp.begin(USMP.TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS)))) {
      Serial.printf("no session: %s\n", usmp.lastErrorString());
      await delay(5000);
    }
    lastPublishMs = millis();
    publish();
  }

  async function loop() {
    usmp.maintain();

    if (usmp.available()) {
      const request = usmp.read();
      request.trim();
      if (request.equals("now")) publish();
    }

    if (uint32_t(millis() - lastPublishMs) >= PUBLISH_EVERY_MS) {
      lastPublishMs = uint32_t(lastPublishMs + PUBLISH_EVERY_MS); // not millis(): the time that a turn takes must not add up
      publish();
    }

    await delay(10);
  }

  return { setup, loop };
}

if (isMain(import.meta)) await runSketch(sensorPublisher);
