/*
 * LED matrix: 8 by 8 LEDs behind two 74HC595 shift registers, one row lit at a time, with pictures from the gateway.
 *
 * From the gateway: 8 bytes, a row each, the left LED in the highest bit; or a word: "heart", "alien" (moves), "clear".
 * To the gateway:   "showing heart", "showing picture", after each change and on each new session.
 * Ten seconds without a session: a broken link is shown, until one is there again.
 *
 * Wiring: DATA 23, CLOCK 18, LATCH 5; the first register drives the columns, the second the rows (both active HIGH,
 * transistors invert as the matrix needs it).
 */
#include <USMP.h>

#define PSK "usmp-dev-psk-change-me-before-prod"
#define SERVER_IP "192.168.1.100"
#define SERVER_PORT 9000
#define WIFI_SSID "my network"
#define WIFI_PASS "its password"

const uint8_t DATA_PIN = 23;
const uint8_t CLOCK_PIN = 18;
const uint8_t LATCH_PIN = 5;
const uint8_t ROWS = 8;
const uint32_t ROW_MS = 2;  // 62 pictures a second: the eye sees one
const uint32_t FRAME_MS = 400;
const uint32_t NO_LINK_AFTER_MS = 10000;
const uint32_t RETRY_MS = 5000;
const uint8_t MAX_FRAMES = 2;

struct Pattern {
  const char* name;
  uint8_t frames;
  uint8_t rows[MAX_FRAMES][ROWS];
};

const Pattern PATTERNS[] = {
  {"clear", 1, {{0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00}}},
  {"heart", 1, {{0x00, 0x66, 0xff, 0xff, 0xff, 0x7e, 0x3c, 0x18}}},
  {"alien",
   2,
   {{0x18, 0x3c, 0x7e, 0xdb, 0xff, 0x24, 0x5a, 0xa5}, {0x18, 0x3c, 0x7e, 0xdb, 0xff, 0x24, 0x5a, 0x42}}},
};
const Pattern NO_LINK = {"no link", 1, {{0x81, 0x42, 0x24, 0x00, 0x00, 0x24, 0x42, 0x81}}};

USMPClient usmp(PSK);

Pattern picture = {"picture", 1, {{0}}};
const Pattern* shown = &PATTERNS[0];
uint8_t row = 0;
uint32_t lastRowMs = 0;
uint32_t shownMs = 0;
uint32_t lastAliveMs = 0;
bool begun = false;
uint32_t lastBeginMs = 0;

// A send() that fails is not repeated: each new session starts with announce(), and has no use for an old answer.
void announce() {
  usmp.send(String("showing ") + shown->name);
}

void show(const Pattern* pattern) {
  shown = pattern;
  shownMs = millis();
  announce();
}

void onMessage(const uint8_t* data, size_t len) {
  for (const Pattern& pattern : PATTERNS) {
    if (len == strlen(pattern.name) && memcmp(data, pattern.name, len) == 0) return show(&pattern);
  }
  if (len == ROWS) {
    memcpy(picture.rows[0], data, ROWS);
    return show(&picture);
  }
  usmp.send("ERR 8 bytes, heart, alien or clear");
}

void lightNextRow() {
  row = (row + 1) % ROWS;
  const bool noLink = millis() - lastAliveMs >= NO_LINK_AFTER_MS;
  const Pattern* pattern = noLink ? &NO_LINK : shown;
  const uint8_t frame = (millis() - shownMs) / FRAME_MS % pattern->frames;

  digitalWrite(LATCH_PIN, LOW);
  shiftOut(DATA_PIN, CLOCK_PIN, MSBFIRST, 1 << row);  // goes through the first register into the second
  shiftOut(DATA_PIN, CLOCK_PIN, MSBFIRST, pattern->rows[frame][row]);
  digitalWrite(LATCH_PIN, HIGH);
}

void keepSession() {
  if (begun) {
    usmp.maintain();
  } else if (lastBeginMs == 0 || millis() - lastBeginMs >= RETRY_MS) {
    lastBeginMs = millis();
    begun = usmp.beginAsync(USMP::TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS));
  }
}

void setup() {
  Serial.begin(115200);
  for (uint8_t pin : {DATA_PIN, CLOCK_PIN, LATCH_PIN}) pinMode(pin, OUTPUT);
  usmp.onConnect(announce);
  usmp.onMessage(onMessage);
}

void loop() {
  keepSession();
  if (usmp.alive()) lastAliveMs = millis();

  if (millis() - lastRowMs >= ROW_MS) {
    lastRowMs = millis();
    lightNextRow();
  }
}
