/*
 * Fixed buffers: a display of two lines of 16 characters, without one allocation after the start.
 *
 * On a board USMPClientStatic holds the buffers, so the heap cannot run out, nor fall to pieces, in a year of running.
 * Memory is not the board's here, but sizes are: snprintf() cuts as there, and what writes past a buffer is an error.
 *
 * From the gateway: "1 text" and "2 text" write a line, "clear" empties both, "stats" asks for the counts.
 * To the gateway:   "OK 1", "CUT 1 5" (5 bytes had no room), "messages 7 longest 40 cut 1", "ERR ...".
 */
import {
  byte,
  charArray,
  delay,
  isMain,
  memcmp,
  memset,
  runSketch,
  Serial,
  snprintf,
  strlen,
  USMP,
  USMPArduinoTcpCtx,
  USMPClientStatic,
} from "usmp/arduino";

const PSK = process.env["USMP_PSK"] ?? "usmp-dev-psk-change-me-before-prod";
const SERVER_IP = process.env["USMP_HOST"] ?? "127.0.0.1";
const SERVER_PORT = Number(process.env["USMP_PORT"] ?? 9000);
const WIFI_SSID = "my network";
const WIFI_PASS = "its password";

const COLUMNS = 16;
const ROWS = 2;

// 'c' of C is a number; TypeScript has none of that.
const SPACE = byte(" ");
const ONE = byte("1");
const TWO = byte("2");
const QUESTION_MARK = byte("?");

export default function fixedBuffers() {
  const usmp = new USMPClientStatic(PSK);
  const tcpContext = new USMPArduinoTcpCtx();

  const lines = Array.from({ length: ROWS }, () => charArray(COLUMNS + 1));
  const reply = charArray(48);

  let messages = 0;
  let longest = 0;
  let cut = 0;

  function clearLine(row: number) {
    memset(lines[row]!, SPACE, COLUMNS);
    lines[row]![COLUMNS] = 0;
  }

  function show() {
    for (let row = 0; row < ROWS; row++) Serial.printf("|%s|\n", lines[row]!);
  }

  // Gives how many bytes had no room.
  function writeLine(row: number, text: Uint8Array, len: number): number {
    clearLine(row);
    const fits = len < COLUMNS ? len : COLUMNS;
    for (let i = 0; i < fits; i++) {
      lines[row]![i] = text[i]! >= 0x20 && text[i]! < 0x7f ? text[i]! : QUESTION_MARK;
    }
    return len - fits;
  }

  function is(word: string, data: Uint8Array, len: number): boolean {
    return len === strlen(word) && memcmp(data, Buffer.from(word), len) === 0;
  }

  function onMessage(data: Uint8Array, len: number) {
    messages++;
    if (len > longest) longest = len;

    if (len >= 2 && (data[0] === ONE || data[0] === TWO) && data[1] === SPACE) {
      const row = data[0] - ONE;
      const lost = writeLine(row, data.subarray(2), len - 2);
      if (lost > 0) {
        cut++;
        snprintf(reply, reply.length, "CUT %u %u", row + 1, lost);
      } else {
        snprintf(reply, reply.length, "OK %u", row + 1);
      }
      show();
    } else if (is("clear", data, len)) {
      for (let row = 0; row < ROWS; row++) clearLine(row);
      snprintf(reply, reply.length, "OK clear");
      show();
    } else if (is("stats", data, len)) {
      snprintf(reply, reply.length, "messages %u longest %u cut %u", messages, longest, cut);
    } else {
      snprintf(reply, reply.length, "ERR 1, 2, clear or stats");
    }
    // A send() that fails is not repeated: who asked is gone with the session.
    usmp.send(reply, strlen(reply));
  }

  async function setup() {
    Serial.begin(115200);
    for (let row = 0; row < ROWS; row++) clearLine(row);
    show();

    usmp.onMessage(onMessage);
    while (!(await usmp.begin(USMP.TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS), tcpContext))) {
      Serial.printf("no session: %s\n", usmp.lastErrorString());
      await delay(5000);
    }
  }

  function loop() {
    usmp.maintain();
  }

  return { setup, loop };
}

if (isMain(import.meta)) await runSketch(fixedBuffers);
