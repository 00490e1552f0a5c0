/*
 * Door alarm: a siren that needs no network, a heartbeat that tells the gateway that it is there, and a watchdog that
 * notices when the gateway is not.
 *
 * From the gateway: "arm", "disarm", "beat" (at least every 30 seconds, else the fault LED lights).
 * To the gateway:   "armed", "disarmed", "open", "closed", "ALARM", every 10 seconds "heartbeat armed closed";
 *                   on each new session "state ..." with what happened meanwhile.
 *
 * The session has its own keepalive, which proves that the two programs can talk. The beat proves that the one behind
 * the gateway, which would call somebody, is alive as well.
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

const DOOR_PIN = 14;
const SIREN_PIN = 26;
const FAULT_PIN = 27;
const DEBOUNCE_MS = 50;
const ENTRY_MS = 15_000; // to reach whatever sends "disarm"
const SIREN_MS = 180_000; // as long as neighbours and the law allow
const HEARTBEAT_MS = 10_000;
const BEAT_MS = 30_000;
const RETRY_MS = 5_000;

/** In the place of the sketch's enum and its names. */
type State = "disarmed" | "armed" | "entry" | "ALARM";

export default function doorAlarm() {
  const usmp = new USMPClient(PSK);

  let state: State = "disarmed";
  let enteredMs = 0;
  let doorOpen = false;
  let lastReading = false;
  let doorEdgeMs = 0;
  let lastBeatMs = 0;
  let lastHeartbeatMs = 0;
  let alarms = 0;
  let begun = false;
  let lastBeginMs = 0;

  // A send() that fails is not repeated, here or below: onConnect() and each heartbeat tell the state and the door, and
  // onConnect() the alarms that nobody heard of.
  function enter(next: State) {
    state = next;
    enteredMs = millis();
    digitalWrite(SIREN_PIN, next === "ALARM" ? HIGH : LOW);
    if (next === "ALARM") alarms++;
    usmp.send(next);
  }

  function onConnect() {
    usmp.keepalive(10_000); // after begin(), which sets it to 30 seconds; each new session keeps it
    lastBeatMs = millis();
    usmp.send(`state ${state} ${doorOpen ? "open" : "closed"} alarms=${alarms}`);
  }

  function onMessage(data: Uint8Array) {
    const command = String(data);
    command.trim();
    if (command.equals("beat")) {
      lastBeatMs = millis();
    } else if (command.equals("arm")) {
      if (doorOpen) {
        usmp.send("ERR the door is open");
      } else if (state === "disarmed") {
        enter("armed");
      }
    } else if (command.equals("disarm")) {
      enter("disarmed");
    } else {
      usmp.send("ERR arm, disarm or beat");
    }
  }

  function readDoor() {
    const open = digitalRead(DOOR_PIN) === HIGH;
    if (open !== lastReading) {
      lastReading = open;
      doorEdgeMs = millis();
    }
    if (open === doorOpen || uint32_t(millis() - doorEdgeMs) < DEBOUNCE_MS) return;
    doorOpen = open;
    usmp.send(doorOpen ? "open" : "closed");
    if (doorOpen && state === "armed") enter("entry");
  }

  function run() {
    const inStateMs = uint32_t(millis() - enteredMs);
    if (state === "entry" && inStateMs >= ENTRY_MS) enter("ALARM");
    if (state === "ALARM" && inStateMs >= SIREN_MS) enter("armed");

    const fault = uint32_t(millis() - lastBeatMs) >= BEAT_MS;
    digitalWrite(FAULT_PIN, fault ? HIGH : LOW);

    if (uint32_t(millis() - lastHeartbeatMs) >= HEARTBEAT_MS) {
      lastHeartbeatMs = millis();
      usmp.send(`heartbeat ${state} ${doorOpen ? "open" : "closed"}`);
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
    pinMode(DOOR_PIN, INPUT_PULLUP);
    pinMode(SIREN_PIN, OUTPUT);
    pinMode(FAULT_PIN, OUTPUT);
    usmp.onConnect(onConnect);
    usmp.onMessage(onMessage);
  }

  function loop() {
    keepSession();
    readDoor();
    run();
  }

  return { setup, loop };
}

if (isMain(import.meta)) await runSketch(doorAlarm);
