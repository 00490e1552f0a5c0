/*
 * Rotary encoder: an interrupt on each edge counts quarter steps, loop() tells the gateway, at most ten times a second.
 *
 * To the gateway:   "position 12" (detents since the start or the last reset), also on each new session; "reset".
 * From the gateway: "position 40" sets it, as where another knob of the same value was turned.
 */
import {
  attachInterrupt,
  CHANGE,
  delay,
  digitalPinToInterrupt,
  digitalRead,
  INPUT_PULLUP,
  isMain,
  LOW,
  millis,
  pinMode,
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

const A_PIN = 32;
const B_PIN = 33;
const BUTTON_PIN = 25;
const QUARTERS_PER_DETENT = 4;
const TELL_EVERY_MS = 100;
const DEBOUNCE_MS = 30;

// What one edge means: [A and B before, A and B now]. Two bits that change at once are a missed edge: no step.
const STEPS = [0, -1, 1, 0, 1, 0, 0, -1, -1, 0, 0, 1, 0, 1, -1, 0];

export default function rotaryEncoder() {
  const usmp = new USMPClient(PSK);

  // Shared with the interrupt. It never comes between two statements here, so the sketch's lock has no counterpart.
  let quarters = 0;
  let lastAB = 0;

  let toldPosition = 0;
  let lastTellMs = 0;
  let buttonDown = false;
  let buttonEdgeMs = 0;

  // Bounce counts forth and back again, so the sum stays right.
  function onEdge() {
    const ab = (digitalRead(A_PIN) << 1) | digitalRead(B_PIN);
    quarters += STEPS[(lastAB << 2) | ab]!;
    lastAB = ab;
  }

  function position(): number {
    // Rounded to the nearest detent, also below zero.
    const half = quarters < 0 ? -QUARTERS_PER_DETENT / 2 : QUARTERS_PER_DETENT / 2;
    return Math.trunc((quarters + half) / QUARTERS_PER_DETENT);
  }

  function setPosition(newPosition: number) {
    quarters = newPosition * QUARTERS_PER_DETENT;
    toldPosition = newPosition;
  }

  function tellPosition() {
    const now = position();
    if (!usmp.send(`position ${now}`)) return;
    toldPosition = now;
    lastTellMs = millis();
  }

  function onMessage(data: Uint8Array) {
    const command = String(data);
    if (command.startsWith("position ")) setPosition(command.substring(9).toInt());
  }

  function readButton() {
    const down = digitalRead(BUTTON_PIN) === LOW;
    if (down === buttonDown || uint32_t(millis() - buttonEdgeMs) < DEBOUNCE_MS) return;
    buttonDown = down;
    buttonEdgeMs = millis();
    if (!down) return;
    setPosition(0);
    usmp.send("reset"); // where it fails, the next session starts with "position 0"
  }

  async function setup() {
    Serial.begin(115200);
    for (const pin of [A_PIN, B_PIN, BUTTON_PIN]) pinMode(pin, INPUT_PULLUP);
    lastAB = (digitalRead(A_PIN) << 1) | digitalRead(B_PIN);
    attachInterrupt(digitalPinToInterrupt(A_PIN), onEdge, CHANGE);
    attachInterrupt(digitalPinToInterrupt(B_PIN), onEdge, CHANGE);

    usmp.onConnect(tellPosition);
    usmp.onMessage(onMessage);
    while (!(await usmp.begin(USMP.TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS)))) {
      Serial.printf("no session: %s\n", usmp.lastErrorString());
      await delay(5000);
    }
  }

  function loop() {
    usmp.maintain();
    readButton();
    if (position() !== toldPosition && uint32_t(millis() - lastTellMs) >= TELL_EVERY_MS) tellPosition();
  }

  return { setup, loop };
}

if (isMain(import.meta)) await runSketch(rotaryEncoder);
