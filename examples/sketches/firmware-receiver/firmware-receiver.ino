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
 *
 * Needs a partition scheme with OTA. The restart loads what Update has written.
 */
#include <Preferences.h>
#include <USMP.h>
#include <Update.h>

#define PSK "usmp-dev-psk-change-me-before-prod"
#define SERVER_IP "192.168.1.100"
#define SERVER_PORT 9000
#define WIFI_SSID "my network"
#define WIFI_PASS "its password"

const uint32_t MAX_SIZE = 1536 * 1024;
const uint32_t GIVE_UP_AFTER_MS = 600000;
const uint32_t RESTART_AFTER_MS = 500;  // so that "installed" leaves the board
const size_t MAX_VERSION = 15;

USMPClient usmp(PSK);
Preferences preferences;

bool receiving = false;
uint32_t size = 0;
uint32_t crcWanted = 0;
uint32_t crc = 0;
uint32_t received = 0;
char version[MAX_VERSION + 1];
uint32_t lastChunkMs = 0;
bool installed = false;
uint32_t installedMs = 0;

uint32_t readU32(const uint8_t* at) {
  return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

// CRC-32 as zip and Ethernet have it. Start with 0, and put in what came out.
uint32_t crc32(uint32_t crc, const uint8_t* data, size_t len) {
  crc = ~crc;
  for (size_t i = 0; i < len; i++) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
  }
  return ~crc;
}

// A send() that fails is not repeated, here or below: each new session starts with onConnect(), which says it all.
void askNext() {
  usmp.send("next " + String(received));
}

void giveUp(const char* why) {
  if (receiving) Update.abort();
  receiving = false;
  usmp.send(String("ERR ") + why);
}

void begin(const uint8_t* data, size_t len) {
  if (len < 8 || len - 8 > MAX_VERSION) return giveUp("begin");
  const uint32_t newSize = readU32(data);
  const uint32_t newCrc = readU32(data + 4);
  if (receiving && newSize == size && newCrc == crcWanted) return askNext();

  if (receiving) Update.abort();
  receiving = false;
  if (newSize == 0 || newSize > MAX_SIZE || !Update.begin(newSize)) return giveUp("size");
  size = newSize;
  crcWanted = newCrc;
  crc = 0;
  received = 0;
  memcpy(version, data + 8, len - 8);
  version[len - 8] = '\0';
  receiving = true;
  lastChunkMs = millis();
  askNext();
}

void chunk(uint8_t* data, size_t len) {
  if (!receiving) return giveUp("no begin");
  if (len < 5) return giveUp("chunk");
  const uint32_t offset = readU32(data);
  const size_t bytes = len - 4;
  if (offset != received) return askNext();  // it came twice, or one before it is missing
  if (bytes > size - received) return giveUp("longer than announced");
  if (Update.write(data + 4, bytes) != bytes) return giveUp("flash");
  crc = crc32(crc, data + 4, bytes);
  received += bytes;
  lastChunkMs = millis();
  askNext();
}

void end() {
  if (!receiving) return giveUp("no begin");
  if (received != size) return askNext();
  if (crc != crcWanted) return giveUp("crc");
  if (!Update.end()) return giveUp("flash");
  receiving = false;
  preferences.putString("version", version);
  usmp.send(String("installed ") + version);
  installed = true;
  installedMs = millis();
}

void onConnect() {
  usmp.send("firmware " + preferences.getString("version", "1.0"));
  if (receiving) askNext();
}

void onMessage(const uint8_t* data, size_t len) {
  if (len == 0 || installed) return;
  switch (data[0]) {
    case 'B':
      return begin(data + 1, len - 1);
    case 'D':
      // Update.write() takes bytes that it could change, and leaves them alone.
      return chunk(const_cast<uint8_t*>(data) + 1, len - 1);
    case 'E':
      return end();
    default:
      return giveUp("unknown");
  }
}

void setup() {
  Serial.begin(115200);
  preferences.begin("firmware");
  usmp.onConnect(onConnect);
  usmp.onMessage(onMessage);
  while (!usmp.begin(USMP::TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS))) {
    Serial.printf("no session: %s\n", usmp.lastErrorString());
    delay(5000);
  }
}

void loop() {
  usmp.maintain();

  if (installed && millis() - installedMs >= RESTART_AFTER_MS) {
    usmp.close();
    ESP.restart();
  }
  if (receiving && millis() - lastChunkMs >= GIVE_UP_AFTER_MS) giveUp("timeout");
}
