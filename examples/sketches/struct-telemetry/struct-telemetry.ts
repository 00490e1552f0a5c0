/*
 * Struct telemetry: packed structs on the wire, 12 bytes up and 6 bytes down, little-endian as the ESP32 stores them.
 *
 * They carry no checksum, since the session proves each byte; a version they do: two sides are never updated at once.
 *
 * To the gateway:   Telemetry, every intervalSeconds, and at once when the temperature passes the alarm level.
 * From the gateway: Config.
 */
import {
  analogRead,
  delay,
  isMain,
  millis,
  runSketch,
  Serial,
  struct,
  uint16_t,
  uint32_t,
  USMP,
  USMPClient,
} from "usmp/arduino";

const PSK = process.env["USMP_PSK"] ?? "usmp-dev-psk-change-me-before-prod";
const SERVER_IP = process.env["USMP_HOST"] ?? "127.0.0.1";
const SERVER_PORT = Number(process.env["USMP_PORT"] ?? 9000);
const WIFI_SSID = "my network";
const WIFI_PASS = "its password";

const TEMPERATURE_PIN = 34;
const BATTERY_PIN = 35;
const VERSION = 1;
const FLAG_ALARM = 0x01;
const FLAG_FIRST_SINCE_START = 0x02;

export const Telemetry = struct({
  version: "uint8_t",
  flags: "uint8_t",
  sequence: "uint16_t", // wraps; a gap says how many the gateway never got
  uptimeMs: "uint32_t", // wraps after 49.7 days
  centiCelsius: "int16_t",
  batteryMilliVolts: "uint16_t",
});

export const Config = struct({
  version: "uint8_t",
  reserved: "uint8_t",
  intervalSeconds: "uint16_t",
  alarmCentiCelsius: "int16_t",
});

export default function structTelemetry() {
  const usmp = new USMPClient(PSK);

  let config = { version: VERSION, reserved: 0, intervalSeconds: 10, alarmCentiCelsius: 6000 };
  let sequence = 0;
  let first = true;
  let alarmed = false;
  let lastSendMs = 0;

  function readCentiCelsius(): number {
    const milliVolts = Math.trunc((analogRead(TEMPERATURE_PIN) * 3300) / 4095);
    return (milliVolts - 500) * 10;
  }

  function readBatteryMilliVolts(): number {
    return Math.trunc((analogRead(BATTERY_PIN) * 2 * 3300) / 4095);
  }

  function sendTelemetry() {
    lastSendMs = millis();
    const telemetry = Telemetry.pack({
      version: VERSION,
      flags: (alarmed ? FLAG_ALARM : 0) | (first ? FLAG_FIRST_SINCE_START : 0),
      sequence,
      uptimeMs: millis(),
      centiCelsius: readCentiCelsius(),
      batteryMilliVolts: readBatteryMilliVolts(),
    });
    sequence = uint16_t(sequence + 1);
    if (usmp.send(telemetry)) first = false;
  }

  function onMessage(data: Uint8Array, len: number) {
    if (len !== Config.size) {
      Serial.printf("config of %u bytes ignored\n", len);
      return;
    }
    const received = Config.unpack(data);
    if (received.version !== VERSION || received.intervalSeconds === 0) {
      Serial.println("config ignored");
      return;
    }
    config = received;
    sendTelemetry();
  }

  async function setup() {
    Serial.begin(115200);
    usmp.onConnect(sendTelemetry);
    usmp.onMessage(onMessage);
    while (!(await usmp.begin(USMP.TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS)))) {
      Serial.printf("no session: %s\n", usmp.lastErrorString());
      await delay(5000);
    }
  }

  async function loop() {
    usmp.maintain();

    const hot = readCentiCelsius() >= config.alarmCentiCelsius;
    if (hot !== alarmed) {
      alarmed = hot;
      sendTelemetry();
    } else if (uint32_t(millis() - lastSendMs) >= config.intervalSeconds * 1000) {
      sendTelemetry();
    }

    await delay(20);
  }

  return { setup, loop };
}

if (isMain(import.meta)) await runSketch(structTelemetry);
