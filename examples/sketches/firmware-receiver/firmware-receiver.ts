/*
 * Firmware receiver: a new program in chunks, whatever happens to the network in between.
 *
 * The device says which byte it wants next; the gateway only ever answers that. So chunks that come twice, out of order
 * or not at all, and lost sessions, need no case of their own. Numbers are little-endian.
 *
 * From the gateway: 'B' size:u32 crc32:u32 version:text   begins; the same again resumes, another one starts over
 *                   'D' offset:u32 bytes                  a chunk
 *                   'E'                                   the end: check, install, restart
 * To the gateway:   "firmware 1.0" on each new session, "next 2048", "installed 1.1", "ERR ..."
 */
import {
  char,
  delay,
  ESP,
  isMain,
  millis,
  Preferences,
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

const MAX_SIZE = 1536 * 1024;
const GIVE_UP_AFTER_MS = 600_000;
const RESTART_AFTER_MS = 500; // so that "installed" leaves the board
const MAX_VERSION = 15;

/** In the place of the core's Update: a flash partition in memory. A PC has nothing to boot from it. */
class FlashPartition {
  #image = new Uint8Array(0);
  #written = 0;

  begin(size: number): boolean {
    this.#image = new Uint8Array(size);
    this.#written = 0;
    return true;
  }

  write(data: Uint8Array, len: number): number {
    if (len > this.#image.length - this.#written) return 0;
    this.#image.set(data.subarray(0, len), this.#written);
    this.#written += len;
    return len;
  }

  end(): boolean {
    return this.#written === this.#image.length;
  }

  abort() {
    this.#image = new Uint8Array(0);
    this.#written = 0;
  }
}

function readU32(data: Uint8Array, offset: number): number {
  return new DataView(data.buffer, data.byteOffset, data.length).getUint32(offset, true);
}

// CRC-32 as zip and Ethernet have it. Start with 0, and put in what came out.
export function crc32(crc: number, data: Uint8Array): number {
  crc = ~crc;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return uint32_t(~crc);
}

export default function firmwareReceiver() {
  const usmp = new USMPClient(PSK);
  const preferences = new Preferences();
  const Update = new FlashPartition();

  let receiving = false;
  let size = 0;
  let crcWanted = 0;
  let crc = 0;
  let received = 0;
  let version = "";
  let lastChunkMs = 0;
  let installed = false;
  let installedMs = 0;

  // A send() that fails is not repeated, here or below: each new session starts with onConnect(), which says it all.
  function askNext() {
    usmp.send(`next ${received}`);
  }

  function giveUp(why: string) {
    if (receiving) Update.abort();
    receiving = false;
    usmp.send(`ERR ${why}`);
  }

  function begin(data: Uint8Array, len: number) {
    if (len < 8 || len - 8 > MAX_VERSION) return giveUp("begin");
    const newSize = readU32(data, 0);
    const newCrc = readU32(data, 4);
    if (receiving && newSize === size && newCrc === crcWanted) return askNext();

    if (receiving) Update.abort();
    receiving = false;
    if (newSize === 0 || newSize > MAX_SIZE || !Update.begin(newSize)) return giveUp("size");
    size = newSize;
    crcWanted = newCrc;
    crc = 0;
    received = 0;
    version = new TextDecoder().decode(data.subarray(8));
    receiving = true;
    lastChunkMs = millis();
    askNext();
  }

  function chunk(data: Uint8Array, len: number) {
    if (!receiving) return giveUp("no begin");
    if (len < 5) return giveUp("chunk");
    const offset = readU32(data, 0);
    const bytes = len - 4;
    if (offset !== received) return askNext(); // it came twice, or one before it is missing
    if (bytes > size - received) return giveUp("longer than announced");
    if (Update.write(data.subarray(4), bytes) !== bytes) return giveUp("flash");
    crc = crc32(crc, data.subarray(4));
    received += bytes;
    lastChunkMs = millis();
    askNext();
  }

  function end() {
    if (!receiving) return giveUp("no begin");
    if (received !== size) return askNext();
    if (crc !== crcWanted) return giveUp("crc");
    if (!Update.end()) return giveUp("flash");
    receiving = false;
    preferences.putString("version", version);
    usmp.send(`installed ${version}`);
    installed = true;
    installedMs = millis();
  }

  function onConnect() {
    usmp.send(`firmware ${preferences.getString("version", "1.0").c_str()}`);
    if (receiving) askNext();
  }

  function onMessage(data: Uint8Array, len: number) {
    if (len === 0 || installed) return;
    switch (char(data[0]!)) {
      case "B":
        return begin(data.subarray(1), len - 1);
      case "D":
        return chunk(data.subarray(1), len - 1);
      case "E":
        return end();
      default:
        return giveUp("unknown");
    }
  }

  async function setup() {
    Serial.begin(115200);
    preferences.begin("firmware");
    usmp.onConnect(onConnect);
    usmp.onMessage(onMessage);
    while (!(await usmp.begin(USMP.TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS)))) {
      Serial.printf("no session: %s\n", usmp.lastErrorString());
      await delay(5000);
    }
  }

  function loop() {
    usmp.maintain();

    if (installed && uint32_t(millis() - installedMs) >= RESTART_AFTER_MS) {
      usmp.close();
      ESP.restart();
    }
    if (receiving && uint32_t(millis() - lastChunkMs) >= GIVE_UP_AFTER_MS) giveUp("timeout");
  }

  return { setup, loop };
}

if (isMain(import.meta)) await runSketch(firmwareReceiver);
