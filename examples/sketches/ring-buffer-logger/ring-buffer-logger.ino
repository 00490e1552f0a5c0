/*
 * Ring-buffer logger: a reading each second, kept in a ring while there is no session, and sent in batches later.
 *
 * To the gateway:   lines "seconds,value", up to 20 in a message; before them "overwritten 7", where the ring was full.
 * From the gateway: "ok", when it has stored a message.
 *
 * A lost network is noticed late, by the keepalive, and until then send() says true. So a batch stays in the ring until
 * the gateway has answered, and is sent again in the next session; the gateway tells copies by their seconds.
 *
 * Wiring: any sensor with 0 to 3.3 V at GPIO 34.
 */
#include <USMP.h>

#define PSK "usmp-dev-psk-change-me-before-prod"
#define SERVER_IP "192.168.1.100"
#define SERVER_PORT 9000
#define WIFI_SSID "my network"
#define WIFI_PASS "its password"

const uint8_t SENSOR_PIN = 34;
const uint32_t LOG_EVERY_MS = 1000;
const uint16_t RING = 600;  // ten minutes
const uint16_t BATCH = 20;
const uint32_t RETRY_MS = 5000;

struct Entry {
  uint32_t seconds;
  uint16_t value;
};

USMPClient usmp(PSK);

Entry ring[RING];
uint16_t oldest = 0;
uint16_t count = 0;
uint16_t inFlight = 0;  // so many of the oldest were sent, and not answered yet
uint32_t overwritten = 0;
uint32_t overwrittenInFlight = 0;
uint32_t lastLogMs = 0;
bool begun = false;
uint32_t lastBeginMs = 0;

void push(const Entry& entry) {
  ring[(oldest + count) % RING] = entry;
  if (count < RING) {
    count++;
  } else {
    oldest = (oldest + 1) % RING;
    overwritten++;
    if (inFlight > 0) inFlight--;
  }
}

void drop(uint16_t entries) {
  oldest = (oldest + entries) % RING;
  count -= entries;
}

void onConnect() {
  inFlight = 0;
}

void onMessage(const uint8_t* data, size_t len) {
  if (len != 2 || memcmp(data, "ok", 2) != 0 || inFlight == 0) return;
  drop(inFlight);
  inFlight = 0;
  overwritten -= overwrittenInFlight;
}

// One batch at a time: a ring that is flushed at once would hold up the readings.
void flushSome() {
  if (count == 0 || inFlight > 0 || !usmp.alive()) return;

  const uint16_t batch = count < BATCH ? count : BATCH;
  char text[23 + BATCH * 17 + 1];  // "overwritten " and a line have at most 10 digits for a number of 32 bits
  size_t len = 0;
  if (overwritten > 0) len = snprintf(text, sizeof(text), "overwritten %lu\n", (unsigned long)overwritten);
  for (uint16_t i = 0; i < batch; i++) {
    const Entry& entry = ring[(oldest + i) % RING];
    len += snprintf(text + len, sizeof(text) - len, "%lu,%u\n", (unsigned long)entry.seconds, (unsigned)entry.value);
  }
  if (!usmp.send((const uint8_t*)text, len)) return;
  inFlight = batch;
  overwrittenInFlight = overwritten;
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
  usmp.onConnect(onConnect);
  usmp.onMessage(onMessage);
  lastLogMs = millis();
}

void loop() {
  keepSession();

  const uint32_t elapsedMs = millis() - lastLogMs;
  if (elapsedMs >= LOG_EVERY_MS) {
    lastLogMs += elapsedMs - elapsedMs % LOG_EVERY_MS;  // seconds that connecting took are missing, not made up
    push({lastLogMs / 1000, (uint16_t)analogRead(SENSOR_PIN)});
  }

  flushSome();
}
