/*
 * Ring-buffer logger: a reading each second, kept in a ring while there is no session, and sent in batches later.
 *
 * To the gateway: lines "seconds,value", up to 20 in a message; "overwritten 7" first, where the ring was full.
 *
 * What send() took right before a session was lost may not have arrived: this logger accepts that. One that does not is
 * the sketch "shared-state".
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
uint32_t overwritten = 0;
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
  }
}

void drop(uint16_t entries) {
  oldest = (oldest + entries) % RING;
  count -= entries;
}

// At most one message in a turn: a ring that is flushed at once would hold up the readings.
void flushSome() {
  if (count == 0 || !usmp.alive()) return;

  if (overwritten > 0) {
    if (usmp.send("overwritten " + String(overwritten))) overwritten = 0;
    return;
  }

  const uint16_t batch = count < BATCH ? count : BATCH;
  char text[BATCH * 17 + 1];  // a line has at most 10 + 1 + 5 + 1 characters
  size_t len = 0;
  for (uint16_t i = 0; i < batch; i++) {
    const Entry& entry = ring[(oldest + i) % RING];
    len += snprintf(text + len, sizeof(text) - len, "%lu,%u\n", (unsigned long)entry.seconds, (unsigned)entry.value);
  }
  if (usmp.send((const uint8_t*)text, len)) drop(batch);
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
  lastLogMs = millis();
}

void loop() {
  keepSession();

  if (millis() - lastLogMs >= LOG_EVERY_MS) {
    lastLogMs += LOG_EVERY_MS;
    push({lastLogMs / 1000, (uint16_t)analogRead(SENSOR_PIN)});
  }

  flushSome();
}
