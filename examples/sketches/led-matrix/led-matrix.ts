/*
 * LED matrix: 8 by 8 LEDs behind two 74HC595 shift registers, one row lit at a time, with pictures from the gateway.
 *
 * From the gateway: 8 bytes, a row each, the left LED in the highest bit; or a word: "heart", "alien" (moves), "clear".
 * To the gateway:   "showing heart", "showing picture", after each change and on each new session.
 * Ten seconds without a session: a broken link is shown, until one is there again.
 */
import {
  digitalWrite,
  HIGH,
  isMain,
  LOW,
  millis,
  MSBFIRST,
  OUTPUT,
  pinMode,
  runSketch,
  Serial,
  shiftOut,
  String,
  strlen,
  uint32_t,
  USMP,
  USMPClient,
} from "usmp/arduino";

const PSK = process.env["USMP_PSK"] ?? "usmp-dev-psk-change-me-before-prod";
const SERVER_IP = process.env["USMP_HOST"] ?? "127.0.0.1";
const SERVER_PORT = Number(process.env["USMP_PORT"] ?? 9000);
const WIFI_SSID = "my network";
const WIFI_PASS = "its password";

const DATA_PIN = 23;
const CLOCK_PIN = 18;
const LATCH_PIN = 5;
const ROWS = 8;
const ROW_MS = 2; // 62 pictures a second: the eye sees one
const FRAME_MS = 400;
const NO_LINK_AFTER_MS = 10_000;
const RETRY_MS = 5_000;

interface Pattern {
  readonly name: string;
  readonly frames: readonly (readonly number[])[];
}

const PATTERNS: readonly Pattern[] = [
  { name: "clear", frames: [[0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00]] },
  { name: "heart", frames: [[0x00, 0x66, 0xff, 0xff, 0xff, 0x7e, 0x3c, 0x18]] },
  {
    name: "alien",
    frames: [
      [0x18, 0x3c, 0x7e, 0xdb, 0xff, 0x24, 0x5a, 0xa5],
      [0x18, 0x3c, 0x7e, 0xdb, 0xff, 0x24, 0x5a, 0x42],
    ],
  },
];
const NO_LINK: Pattern = { name: "no link", frames: [[0x81, 0x42, 0x24, 0x00, 0x00, 0x24, 0x42, 0x81]] };

export default function ledMatrix() {
  const usmp = new USMPClient(PSK);

  let shown = PATTERNS[0]!;
  let row = 0;
  let lastRowMs = 0;
  let shownMs = 0;
  let lastAliveMs = 0;
  let begun = false;
  let lastBeginMs = 0;

  // A send() that fails is not repeated: each new session starts with announce(), and has no use for an old answer.
  function announce() {
    usmp.send(`showing ${shown.name}`);
  }

  function show(pattern: Pattern) {
    shown = pattern;
    shownMs = millis();
    announce();
  }

  function onMessage(data: Uint8Array, len: number) {
    for (const pattern of PATTERNS) {
      if (len === strlen(pattern.name) && String(data).equals(pattern.name)) return show(pattern);
    }
    if (len === ROWS) {
      return show({ name: "picture", frames: [Array.from(data)] });
    }
    usmp.send("ERR 8 bytes, heart, alien or clear");
  }

  function lightNextRow() {
    row = (row + 1) % ROWS;
    const noLink = uint32_t(millis() - lastAliveMs) >= NO_LINK_AFTER_MS;
    const pattern = noLink ? NO_LINK : shown;
    const frame = Math.trunc(uint32_t(millis() - shownMs) / FRAME_MS) % pattern.frames.length;

    digitalWrite(LATCH_PIN, LOW);
    shiftOut(DATA_PIN, CLOCK_PIN, MSBFIRST, 1 << row); // goes through the first register into the second
    shiftOut(DATA_PIN, CLOCK_PIN, MSBFIRST, pattern.frames[frame]![row]!);
    digitalWrite(LATCH_PIN, HIGH);
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
    for (const pin of [DATA_PIN, CLOCK_PIN, LATCH_PIN]) pinMode(pin, OUTPUT);
    usmp.onConnect(announce);
    usmp.onMessage(onMessage);
  }

  function loop() {
    keepSession();
    if (usmp.alive()) lastAliveMs = millis();

    if (uint32_t(millis() - lastRowMs) >= ROW_MS) {
      lastRowMs = millis();
      lightNextRow();
    }
  }

  return { setup, loop };
}

if (isMain(import.meta)) await runSketch(ledMatrix);
