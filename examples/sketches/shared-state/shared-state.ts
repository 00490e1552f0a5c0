/*
 * Shared state: two callbacks and loop() work on one outbox, so that no event is lost with a session.
 *
 * loop() puts events in and sends the oldest, onMessage() takes it out when the gateway has acknowledged it, onConnect()
 * has it sent once more. So events arrive in order, some perhaps twice: the gateway tells copies by their number.
 * All three run one after the other, callbacks only within maintain(), so the outbox needs no lock.
 *
 * To the gateway:   "motion 7 at 123456" (number, milliseconds since the start)
 * From the gateway: "ack 7" (it has stored 7)
 */
import {
  digitalRead,
  HIGH,
  INPUT,
  isMain,
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

const PIR_PIN = 13;
const OUTBOX = 16;
const SEND_AGAIN_MS = 5_000;
const RETRY_MS = 5_000;

interface Event {
  readonly number: number;
  readonly atMs: number;
}

export default function sharedState() {
  const usmp = new USMPClient(PSK);

  const outbox: Event[] = []; // oldest first
  let sent = false; // the oldest one is on its way in this session
  let lastSendMs = 0;
  let nextNumber = 1;
  let motion = false;
  let begun = false;
  let lastBeginMs = 0;

  function onConnect() {
    sent = false;
  }

  function onMessage(data: Uint8Array) {
    const answer = String(data);
    if (!answer.startsWith("ack ")) return;
    const number = answer.substring(4).toInt();
    if (!sent || number !== outbox[0]!.number) return; // a late answer, to an event that was sent twice
    outbox.shift();
    sent = false;
  }

  // A full outbox keeps what it has: the first events of a burglary tell more than the last ones.
  function put(event: Event) {
    if (outbox.length < OUTBOX) outbox.push(event);
  }

  function watch() {
    const seen = digitalRead(PIR_PIN) === HIGH;
    if (seen && !motion) put({ number: nextNumber++, atMs: millis() });
    motion = seen;
  }

  function sendWaiting() {
    if (sent && uint32_t(millis() - lastSendMs) >= SEND_AGAIN_MS) sent = false; // the gateway could not store it
    const event = outbox[0];
    if (sent || event === undefined || !usmp.alive()) return;
    sent = usmp.send(`motion ${event.number} at ${event.atMs}`);
    lastSendMs = millis();
  }

  // Not awaited in setup(): what happens before the first session counts as well.
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
    pinMode(PIR_PIN, INPUT);
    usmp.onConnect(onConnect);
    usmp.onMessage(onMessage);
  }

  function loop() {
    keepSession();
    watch();
    sendWaiting();
  }

  return { setup, loop };
}

if (isMain(import.meta)) await runSketch(sharedState);
