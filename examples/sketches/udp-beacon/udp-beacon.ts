/*
 * UDP beacon: a temperature over UDP, sent when it has changed, and once a minute when it has not.
 *
 * USMP acknowledges and repeats datagrams itself. On a board send() waits for that, so that true means arrived; here it
 * returns at once, true means on its way, and what did not arrive ends the session.
 *
 * To the gateway:   "21.5". From the gateway: "step 0.5" (the change that counts, 0.1 to 10 degrees).
 */
import {
  analogRead,
  constrain,
  delay,
  isMain,
  millis,
  runSketch,
  Serial,
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
const MEASURE_EVERY_MS = 1_000;
const AT_LEAST_EVERY_MS = 60_000;

export default function udpBeacon() {
  const usmp = new USMPClient(PSK);

  let step = 0.5;
  let told = NaN;
  let lastTellMs = 0;
  let lastMeasureMs = 0;

  function readCelsius(): number {
    return (analogRead(SENSOR_PIN) * 3300) / 4095 / 10;
  }

  function tell(celsius: number) {
    if (!usmp.send(String(celsius, 1))) return;
    told = celsius;
    lastTellMs = millis();
  }

  function onConnect() {
    tell(readCelsius());
  }

  function onMessage(data: Uint8Array) {
    const command = String(data);
    if (!command.startsWith("step ")) return;
    step = constrain(command.substring(5).toFloat(), 0.1, 10);
  }

  async function setup() {
    Serial.begin(115200);
    usmp.onConnect(onConnect);
    usmp.onMessage(onMessage);
    while (!(await usmp.begin(USMP.UDP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS)))) {
      Serial.printf("no session: %s\n", usmp.lastErrorString());
      await delay(5000);
    }
    lastMeasureMs = millis();
  }

  async function loop() {
    usmp.maintain();

    if (uint32_t(millis() - lastMeasureMs) >= MEASURE_EVERY_MS) {
      lastMeasureMs = uint32_t(lastMeasureMs + MEASURE_EVERY_MS);
      const celsius = readCelsius();
      if (Math.abs(celsius - told) >= step || uint32_t(millis() - lastTellMs) >= AT_LEAST_EVERY_MS) tell(celsius);
    }

    await delay(10);
  }

  return { setup, loop };
}

if (isMain(import.meta)) await runSketch(udpBeacon);
