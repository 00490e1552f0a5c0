/*
 * State machine: a pedestrian crossing. Each state has a duration in millis() and one place where it is entered.
 *
 *   CARS_GO --button, after 10 s at least--> CARS_STOPPING --3 s--> WALK --8 s--> CLEARING --4 s--> CARS_GO
 *   any state --"night"--> NIGHT (amber flashes) --"day"--> CLEARING
 *
 * From the gateway: "night", "day", "walk" (as the button).
 * To the gateway:   the name of each state when it is entered, and on each new session.
 *
 * The crossing works without a gateway: it is never waited for.
 */
import {
  digitalRead,
  digitalWrite,
  HIGH,
  INPUT_PULLUP,
  isMain,
  LOW,
  millis,
  OUTPUT,
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

const RED_PIN = 25;
const AMBER_PIN = 26;
const GREEN_PIN = 27;
const WALK_PIN = 32;
const BUTTON_PIN = 4;

const GREEN_AT_LEAST_MS = 10_000;
const STOPPING_MS = 3_000;
const WALK_MS = 8_000;
const CLEARING_MS = 4_000;
const FLASH_MS = 500;
const RETRY_MS = 5_000;

/** In the place of the sketch's enum and its names. */
type State = "cars go" | "cars stopping" | "walk" | "clearing" | "night";

export default function stateMachine() {
  const usmp = new USMPClient(PSK);

  let state: State = "clearing";
  let enteredMs = 0;
  let walkWanted = false;
  let begun = false;
  let lastBeginMs = 0;

  function lights(red: boolean, amber: boolean, green: boolean, walk: boolean) {
    digitalWrite(RED_PIN, red ? HIGH : LOW);
    digitalWrite(AMBER_PIN, amber ? HIGH : LOW);
    digitalWrite(GREEN_PIN, green ? HIGH : LOW);
    digitalWrite(WALK_PIN, walk ? HIGH : LOW);
  }

  // A send() that fails is not repeated: each new session starts with announce().
  function announce() {
    usmp.send(state);
  }

  function enter(next: State) {
    state = next;
    enteredMs = millis();
    switch (next) {
      case "cars go":
        lights(false, false, true, false);
        break;
      case "cars stopping":
        lights(false, true, false, false);
        break;
      case "walk":
        walkWanted = false;
        lights(true, false, false, true);
        break;
      case "clearing":
        lights(true, false, false, false);
        break;
      case "night":
        lights(false, true, false, false);
        break;
    }
    announce();
  }

  function run() {
    const inStateMs = uint32_t(millis() - enteredMs);
    const flash = Math.trunc(inStateMs / FLASH_MS) % 2 === 0 ? HIGH : LOW;
    switch (state) {
      case "cars go":
        if (walkWanted && inStateMs >= GREEN_AT_LEAST_MS) enter("cars stopping");
        break;
      case "cars stopping":
        if (inStateMs >= STOPPING_MS) enter("walk");
        break;
      case "walk":
        if (inStateMs >= WALK_MS) enter("clearing");
        break;
      case "clearing":
        digitalWrite(WALK_PIN, flash);
        if (inStateMs >= CLEARING_MS) enter("cars go");
        break;
      case "night":
        digitalWrite(AMBER_PIN, flash);
        break;
    }
  }

  function onMessage(data: Uint8Array) {
    const command = String(data);
    command.trim();
    if (command.equals("walk")) {
      walkWanted = true;
    } else if (command.equals("night") && state !== "night") {
      enter("night");
    } else if (command.equals("day") && state === "night") {
      enter("clearing"); // red first: nobody knows what the cars were doing
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
    for (const pin of [RED_PIN, AMBER_PIN, GREEN_PIN, WALK_PIN]) pinMode(pin, OUTPUT);
    pinMode(BUTTON_PIN, INPUT_PULLUP);
    usmp.onConnect(announce);
    usmp.onMessage(onMessage);
    enter("clearing");
  }

  function loop() {
    keepSession();
    if (digitalRead(BUTTON_PIN) === LOW) walkWanted = true; // it may bounce: wanting twice is wanting once
    run();
  }

  return { setup, loop };
}

if (isMain(import.meta)) await runSketch(stateMachine);
