/*
 * Deep sleep: wake, measure, send, stop. loop() is never reached; each wake is a new life that starts with setup().
 *
 * Readings wait in RTC memory, which keeps its content through deep sleep (not through a power cut), until the gateway
 * has said that it has them. So a night without network costs nothing but the oldest ones.
 *
 * To the gateway:   one message of lines "wake,millivolts", oldest first.
 * From the gateway: "ok" (it has them), or "ok 120" (and sleep 120 seconds from now on).
 */
import {
  analogRead,
  delay,
  digitalWrite,
  esp_deep_sleep_start,
  esp_sleep_enable_timer_wakeup,
  HIGH,
  isMain,
  LOW,
  millis,
  OUTPUT,
  pinMode,
  rtcData,
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

const PROBE_PIN = 34;
const SUPPLY_PIN = 25;
const SETTLE_MS = 20;
const ANSWER_MS = 2_000;
const LEAVE_MS = 50; // the radio sends on its own: BYE has to be out before it is off
const MIN_SLEEP_SECONDS = 10;
const MAX_SLEEP_SECONDS = 86_400;
const BACKLOG = 48;

interface Reading {
  wake: number;
  milliVolts: number;
}

export default function deepSleepSensor() {
  // In the place of four variables with RTC_DATA_ATTR.
  const rtc = rtcData("sensor", { wakes: 0, sleepSeconds: 60, backlog: [] as Reading[] });

  const usmp = new USMPClient(PSK);

  async function measure() {
    digitalWrite(SUPPLY_PIN, HIGH);
    await delay(SETTLE_MS);
    const milliVolts = Math.trunc((analogRead(PROBE_PIN) * 3300) / 4095);
    digitalWrite(SUPPLY_PIN, LOW);

    if (rtc.backlog.length === BACKLOG) rtc.backlog.shift();
    rtc.backlog.push({ wake: rtc.wakes, milliVolts });
  }

  function sendBacklog(): boolean {
    const lines = rtc.backlog.map(({ wake, milliVolts }) => `${wake},${milliVolts}\n`);
    return usmp.send(lines.join(""));
  }

  // send() alone does not say that the gateway has stored anything: its answer does.
  async function awaitAnswer() {
    const sentMs = millis();
    while (usmp.alive() && uint32_t(millis() - sentMs) < ANSWER_MS) {
      usmp.maintain();
      if (usmp.available()) {
        const answer = String(usmp.read());
        if (!answer.equals("ok") && !answer.startsWith("ok ")) continue;
        rtc.backlog.length = 0;
        const seconds = answer.substring(3).toInt();
        if (seconds >= MIN_SLEEP_SECONDS && seconds <= MAX_SLEEP_SECONDS) rtc.sleepSeconds = seconds;
        return;
      }
      await delay(5);
    }
  }

  async function setup() {
    Serial.begin(115200);
    pinMode(SUPPLY_PIN, OUTPUT);
    rtc.wakes++;
    await measure();

    // One attempt: what it costs to try again now, the battery has not got. The next wake tries again.
    if (await usmp.begin(USMP.TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS))) {
      if (sendBacklog()) await awaitAnswer();
      usmp.close();
      await delay(LEAVE_MS);
    } else {
      Serial.printf("no session: %s, %u readings wait\n", usmp.lastErrorString(), rtc.backlog.length);
    }

    esp_sleep_enable_timer_wakeup(rtc.sleepSeconds * 1_000_000);
    esp_deep_sleep_start();
  }

  function loop() {}

  return { setup, loop };
}

if (isMain(import.meta)) await runSketch(deepSleepSensor);
