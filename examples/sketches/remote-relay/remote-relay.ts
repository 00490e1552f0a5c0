/*
 * Remote relay: four relays, switched by the gateway. They fall off when there has been no session for 30 seconds.
 * A network that fails without a word is noticed by the keepalive, half a minute to a minute later.
 *
 * From the gateway: "2 on", "2 off", "2 pulse 500" (milliseconds, for a door opener), "all off", "state".
 * To the gateway:   "relays 0100", after each change and on each new session; "ERR ..." for what it did not understand.
 */
import {
  byte,
  type CharArray,
  charArray,
  digitalWrite,
  HIGH,
  isMain,
  LOW,
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

const RELAY_PINS = [16, 17, 18, 19] as const;
const RELAYS = RELAY_PINS.length;
const FALL_OFF_AFTER_MS = 30_000;
const LONGEST_PULSE_MS = 10_000;
const RETRY_MS = 5_000;

interface Relay {
  on: boolean;
  pulseMs: number; // 0: stays as it is
  switchedMs: number;
}

export default function remoteRelay() {
  const usmp = new USMPClient(PSK);
  const relays: Relay[] = Array.from({ length: RELAYS }, () => ({ on: false, pulseMs: 0, switchedMs: 0 }));
  let begun = false;
  let lastBeginMs = 0;
  let lastAliveMs = 0;

  function switchRelay(index: number, on: boolean, pulseMs: number) {
    relays[index] = { on, pulseMs, switchedMs: millis() };
    digitalWrite(RELAY_PINS[index]!, on ? LOW : HIGH);
  }

  function allOff() {
    for (let i = 0; i < RELAYS; i++) switchRelay(i, false, 0);
  }

  // A send() that fails is not repeated: each new session starts with announce(), and has no use for an old answer.
  function announce() {
    const text = charArray(8 + RELAYS, "relays ");
    for (let i = 0; i < RELAYS; i++) text[7 + i] = byte(relays[i]!.on ? "1" : "0");
    text[7 + RELAYS] = 0;
    usmp.send(text);
  }

  function run(command: CharArray): boolean {
    if (strcmp(command, "state") === 0) return true;
    if (strcmp(command, "all off") === 0) {
      allOff();
      return true;
    }

    // In the place of sscanf("%d %7s %u").
    const [, digits, word, pulseDigits] = /^(\d+) (\w+)(?: (\d+))?$/.exec(command.toString()) ?? [];
    const number = Number(digits);
    if (word === undefined || number < 1 || number > RELAYS) return false;

    const pulseMs = Number(pulseDigits);
    if (word === "on" && pulseDigits === undefined) {
      switchRelay(number - 1, true, 0);
    } else if (word === "off" && pulseDigits === undefined) {
      switchRelay(number - 1, false, 0);
    } else if (word === "pulse" && pulseMs >= 1 && pulseMs <= LONGEST_PULSE_MS) {
      switchRelay(number - 1, true, pulseMs);
    } else {
      return false;
    }
    return true;
  }

  function onMessage(data: Uint8Array, len: number) {
    const command = charArray(24);
    if (len >= command.length) {
      usmp.send("ERR too long");
      return;
    }
    memcpy(command, data, len); // what arrives is bytes: it has no terminating zero
    command[len] = 0;

    if (run(command)) {
      announce();
    } else {
      usmp.send("ERR not understood");
    }
  }

  // The relays need their loop() even while there is no gateway, so nothing here waits for a session.
  // On a board beginAsync() is false where there is no network; here it is true, and goes on trying by itself.
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
    for (let i = 0; i < RELAYS; i++) {
      // LOW, which is on, for some microseconds in between: no relay is that fast.
      pinMode(RELAY_PINS[i]!, OUTPUT);
      switchRelay(i, false, 0);
    }
    usmp.onConnect(announce);
    usmp.onMessage(onMessage);
  }

  function loop() {
    keepSession();

    for (const [i, { pulseMs, switchedMs }] of relays.entries()) {
      if (pulseMs > 0 && uint32_t(millis() - switchedMs) >= pulseMs) {
        switchRelay(i, false, 0);
        announce();
      }
    }

    if (usmp.alive()) {
      lastAliveMs = millis();
    } else if (uint32_t(millis() - lastAliveMs) >= FALL_OFF_AFTER_MS) {
      lastAliveMs = millis();
      allOff();
    }
  }

  return { setup, loop };
}

if (isMain(import.meta)) await runSketch(remoteRelay);
