/** The sketch. `npm start` runs it on this PC. Every wait is awaited; the rest is as on the board. */
import {
  HIGH,
  INPUT_PULLUP,
  LED_BUILTIN,
  LOW,
  OUTPUT,
  Serial,
  String,
  USMP,
  USMPClient,
  delay,
  digitalRead,
  digitalWrite,
  isMain,
  millis,
  pinMode,
  runSketch,
  uint32_t,
  type SketchFunctions,
} from "usmp/arduino";
import { readKey } from "./key.ts";

/** BOOT, on most ESP32 boards. */
const BUTTON = 0;
/** A contact bounces for less than this. */
const LOOK_EVERY_MS = 20;
const REPORT_EVERY_MS = 10_000;

/** One life of the board: what is declared in here starts afresh at each reset, as the globals of a sketch do. */
export function device(psk: string, host = "127.0.0.1", port = 9000): SketchFunctions {
  const usmp = new USMPClient(psk);
  let buttonWas = HIGH;
  let lastReportMs = 0;

  async function setup(): Promise<void> {
    Serial.begin(115200);
    pinMode(LED_BUILTIN, OUTPUT);
    pinMode(BUTTON, INPUT_PULLUP);

    usmp.onConnect(() => {
      Serial.println("connected");
      usmp.send("hello");
    });
    usmp.onDisconnect(() => Serial.println("connection lost, trying again"));
    usmp.onMessage((data, _len) => {
      const command = String(data);
      if (command.equals("on")) digitalWrite(LED_BUILTIN, HIGH);
      else if (command.equals("off")) digitalWrite(LED_BUILTIN, LOW);
      else return;
      Serial.println("the light is " + command);
      usmp.send("light " + command); // an answer that cannot be sent is of no use later
    });

    // From then on maintain() comes back after every loss.
    while (!(await usmp.begin(USMP.TCP(host, port).wifi("my network", "its password")))) {
      Serial.printf("not connected: %s\n", usmp.lastErrorString());
      await delay(5_000);
    }
  }

  async function loop(): Promise<void> {
    usmp.maintain();

    const button = digitalRead(BUTTON);
    if (button === LOW && buttonWas === HIGH && !usmp.send("button")) Serial.println("not sent");
    buttonWas = button;

    if (uint32_t(millis() - lastReportMs) >= REPORT_EVERY_MS) {
      lastReportMs = millis();
      usmp.send(`up for ${Math.floor(millis() / 1000)} s`); // where it fails, the next one will do
    }
    await delay(LOOK_EVERY_MS);
  }

  return { setup, loop };
}

if (isMain(import.meta)) {
  const [host, port] = process.argv.slice(2);
  await runSketch(() => device(readKey(), host, port === undefined ? undefined : Number(port)));
}
