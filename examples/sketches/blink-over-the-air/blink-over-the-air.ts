/*
 * Blink over the air: the gateway says how the LED on the board blinks.
 *
 * From the gateway: "on", "off", "blink 250" (milliseconds on, and as many off).
 * To the gateway:   the same words, after each change and on each new session.
 */
import {
  delay,
  digitalWrite,
  HIGH,
  isMain,
  LED_BUILTIN,
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

const SHORTEST_MS = 20;
const LONGEST_MS = 10_000;

export default function blinkOverTheAir() {
  const usmp = new USMPClient(PSK);

  let blinking = true;
  let ledOn = false;
  let halfPeriodMs = 500;
  let lastToggleMs = 0;

  function setLed(on: boolean) {
    ledOn = on;
    digitalWrite(LED_BUILTIN, on ? HIGH : LOW);
  }

  // A send() that fails is not repeated: each new session starts with announce(), and has no use for an old answer.
  function announce() {
    if (blinking) {
      usmp.send(`blink ${halfPeriodMs}`);
    } else {
      usmp.send(ledOn ? "on" : "off");
    }
  }

  function onMessage(data: Uint8Array) {
    const command = String(data);
    command.trim();

    if (command.equals("on") || command.equals("off")) {
      blinking = false;
      setLed(command.equals("on"));
    } else if (command.startsWith("blink ")) {
      const ms = command.substring(6).toInt();
      if (ms < SHORTEST_MS || ms > LONGEST_MS) {
        usmp.send("ERR blink takes 20 to 10000 milliseconds");
        return;
      }
      blinking = true;
      halfPeriodMs = ms;
      lastToggleMs = millis();
      setLed(true);
    } else {
      usmp.send(`ERR unknown: ${command.c_str()}`);
      return;
    }
    announce();
  }

  async function setup() {
    Serial.begin(115200);
    pinMode(LED_BUILTIN, OUTPUT);

    usmp.onConnect(announce); // each session: a gateway that was restarted learns the state anew
    usmp.onMessage(onMessage);

    while (!(await usmp.begin(USMP.TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS)))) {
      Serial.printf("no session: %s\n", usmp.lastErrorString());
      await delay(5000);
    }
    lastToggleMs = millis(); // what setup() took is not made up for
  }

  function loop() {
    usmp.maintain();

    // A variable of TypeScript has no width: the cast makes the difference right even when millis() has wrapped.
    const elapsedMs = uint32_t(millis() - lastToggleMs);
    if (blinking && elapsedMs >= halfPeriodMs) {
      // In step, and what was missed is not made up for.
      lastToggleMs = uint32_t(lastToggleMs + elapsedMs - (elapsedMs % halfPeriodMs));
      setLed(!ledOn);
    }
  }

  return { setup, loop };
}

if (isMain(import.meta)) await runSketch(blinkOverTheAir);
