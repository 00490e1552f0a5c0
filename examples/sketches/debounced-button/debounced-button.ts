/*
 * Debounced button: one push-button tells three words apart.
 *
 * To the gateway: "button" (short), "double" (two short ones), "long" (while it is still held).
 *                 What was pressed without a session is stale when one comes: "missed 2" says how many.
 */
import {
  delay,
  digitalRead,
  HIGH,
  INPUT_PULLUP,
  isMain,
  LOW,
  millis,
  pinMode,
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

const BUTTON_PIN = 0;
const DEBOUNCE_MS = 30;
const LONG_MS = 800;
const DOUBLE_GAP_MS = 300;

export default function debouncedButton() {
  const usmp = new USMPClient(PSK);

  let lastReading: number = HIGH;
  let lastEdgeMs = 0;
  let pressed = false;
  let pressedMs = 0;
  let releasedMs = 0;
  let toldLong = false;
  let shortPresses = 0;
  let missed = 0;

  function tell(word: string) {
    if (!usmp.send(word)) missed++;
  }

  function onConnect() {
    if (missed === 0) return;
    if (usmp.send(`missed ${missed}`)) missed = 0;
  }

  function onPressed() {
    pressedMs = millis();
    toldLong = false;
  }

  function onReleased() {
    releasedMs = millis();
    if (!toldLong) shortPresses++;
  }

  // A reading counts when it has stayed the same for DEBOUNCE_MS: contacts bounce for some 5 ms, both ways.
  function readButton() {
    const reading = digitalRead(BUTTON_PIN);
    if (reading !== lastReading) {
      lastReading = reading;
      lastEdgeMs = millis();
    }
    if (uint32_t(millis() - lastEdgeMs) < DEBOUNCE_MS || pressed === (reading === LOW)) return;
    pressed = reading === LOW;
    if (pressed) {
      onPressed();
    } else {
      onReleased();
    }
  }

  function decide() {
    if (pressed && !toldLong && uint32_t(millis() - pressedMs) >= LONG_MS) {
      toldLong = true;
      shortPresses = 0;
      tell("long");
    } else if (shortPresses === 2) {
      shortPresses = 0;
      tell("double");
    } else if (shortPresses === 1 && !pressed && uint32_t(millis() - releasedMs) >= DOUBLE_GAP_MS) {
      shortPresses = 0;
      tell("button");
    }
  }

  async function setup() {
    Serial.begin(115200);
    pinMode(BUTTON_PIN, INPUT_PULLUP);
    usmp.onConnect(onConnect);
    while (!(await usmp.begin(USMP.TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS)))) {
      Serial.printf("no session: %s\n", usmp.lastErrorString());
      await delay(5000);
    }
  }

  function loop() {
    usmp.maintain();
    readButton();
    decide();
  }

  return { setup, loop };
}

if (isMain(import.meta)) await runSketch(debouncedButton);
