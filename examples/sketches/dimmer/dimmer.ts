/*
 * Dimmer: an LED strip that fades, looks even to the eye, and comes back after a power cut as it was.
 *
 * From the gateway: "to 80" (percent, in a second), "to 80 5000" (in 5 seconds), "state".
 * To the gateway:   "at 80" when a fade has ended, to "state", and on each new session.
 */
import {
  analogWrite,
  charArray,
  EEPROM,
  isMain,
  map,
  memcpy,
  millis,
  OUTPUT,
  pinMode,
  runSketch,
  Serial,
  strcmp,
  uint32_t,
  USMP,
  USMPClient,
} from "usmp/arduino";

const PSK = process.env["USMP_PSK"] ?? "usmp-dev-psk-change-me-before-prod";
const SERVER_IP = process.env["USMP_HOST"] ?? "127.0.0.1";
const SERVER_PORT = Number(process.env["USMP_PORT"] ?? 9000);
const WIFI_SSID = "my network";
const WIFI_PASS = "its password";

const LED_PIN = 25;
const FADE_MS = 1_000;
const LONGEST_FADE_MS = 600_000;
const UPDATE_EVERY_MS = 20;
const RETRY_MS = 5_000;
const LEVEL_ADDRESS = 0;
const LEVEL_NEVER_WRITTEN = 255; // what erased flash reads

export default function dimmer() {
  const usmp = new USMPClient(PSK);

  let level = 0; // percent
  let fromLevel = 0;
  let targetLevel = 0;
  let fadeStartMs = 0;
  let fadeMs = 0;
  let fading = false;
  let lastUpdateMs = 0;
  let begun = false;
  let lastBeginMs = 0;

  // The eye sees ratios: the cube of the level is close to what looks like half, a quarter, and so on.
  function dutyOf(percent: number): number {
    if (percent === 0) return 0;
    const cube = percent * percent * percent;
    return Math.max(1, Math.trunc((cube * 255) / 1_000_000)); // 1 percent is still some light
  }

  function setLevel(percent: number) {
    level = percent;
    analogWrite(LED_PIN, dutyOf(percent));
  }

  // A send() that fails is not repeated: each new session starts with announce(), and has no use for an old answer.
  function announce() {
    usmp.send(`at ${level}`);
  }

  function startFade(percent: number, ms: number) {
    fromLevel = level;
    targetLevel = percent;
    fadeStartMs = millis();
    fadeMs = ms;
    fading = true;
    // Where the light goes to, not each step on the way: flash wears out with writing.
    if (EEPROM.read(LEVEL_ADDRESS) !== percent) {
      EEPROM.write(LEVEL_ADDRESS, percent);
      EEPROM.commit();
    }
  }

  function fade() {
    const elapsedMs = uint32_t(millis() - fadeStartMs);
    if (elapsedMs >= fadeMs) {
      fading = false;
      setLevel(targetLevel);
      announce();
      return;
    }
    setLevel(map(elapsedMs, 0, fadeMs, fromLevel, targetLevel));
  }

  function onMessage(data: Uint8Array, len: number) {
    const command = charArray(24);
    if (len >= command.length) {
      usmp.send("ERR too long");
      return;
    }
    memcpy(command, data, len);
    command[len] = 0;

    // In the place of sscanf("to %u %u").
    const [, digits, msDigits = FADE_MS] = /^to (\d+)(?: (\d+))?/.exec(command.toString()) ?? [];
    const percent = Number(digits);
    const ms = Number(msDigits);
    if (strcmp(command, "state") === 0) {
      announce();
    } else if (percent <= 100 && ms <= LONGEST_FADE_MS) {
      startFade(percent, ms);
    } else {
      usmp.send("ERR to takes 0 to 100, and milliseconds");
    }
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
    EEPROM.begin(1);
    pinMode(LED_PIN, OUTPUT);
    const stored = EEPROM.read(LEVEL_ADDRESS);
    setLevel(stored === LEVEL_NEVER_WRITTEN ? 0 : stored);
    usmp.onConnect(announce);
    usmp.onMessage(onMessage);
  }

  function loop() {
    keepSession();

    if (fading && uint32_t(millis() - lastUpdateMs) >= UPDATE_EVERY_MS) {
      lastUpdateMs = millis();
      fade();
    }
  }

  return { setup, loop };
}

if (isMain(import.meta)) await runSketch(dimmer);
