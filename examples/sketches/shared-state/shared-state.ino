/*
 * Shared state: two callbacks and loop() work on one outbox, so that no event is lost with a session.
 *
 * loop() puts events in and sends them, onMessage() takes out what the gateway has acknowledged, onConnect() sends what
 * is left once more. An event may so arrive twice, never less than once: the gateway tells copies by their number.
 * All three run one after the other, callbacks only within maintain(), so the outbox needs no lock.
 *
 * To the gateway:   "motion 7 at 123456" (number, milliseconds since the start)
 * From the gateway: "ack 7" (it has 7, and all before it)
 *
 * Wiring: PIR motion sensor at GPIO 13 (HIGH while it sees motion).
 */
#include <USMP.h>

#define PSK "usmp-dev-psk-change-me-before-prod"
#define SERVER_IP "192.168.1.100"
#define SERVER_PORT 9000
#define WIFI_SSID "my network"
#define WIFI_PASS "its password"

const uint8_t PIR_PIN = 13;
const uint8_t OUTBOX = 16;
const uint32_t SEND_AGAIN_MS = 5000;
const uint32_t RETRY_MS = 5000;

struct Event {
  uint32_t number;
  uint32_t atMs;
};

USMPClient usmp(PSK);

Event outbox[OUTBOX];
uint8_t waiting = 0;  // events in the outbox, oldest first
uint8_t sent = 0;     // so many of them are on their way in this session
uint32_t lastSendMs = 0;
uint32_t nextNumber = 1;
bool motion = false;
bool begun = false;
uint32_t lastBeginMs = 0;

void onConnect() {
  sent = 0;
}

void onMessage(const uint8_t* data, size_t len) {
  String answer((const char*)data, len);
  if (!answer.startsWith("ack ")) return;
  const uint32_t number = answer.substring(4).toInt();

  uint8_t done = 0;
  while (done < sent && outbox[done].number <= number) done++;
  memmove(outbox, outbox + done, sizeof(Event) * (waiting - done));
  waiting -= done;
  sent -= done;
  lastSendMs = millis();
}

// A full outbox keeps what it has: the first events of a burglary tell more than the last ones.
void put(const Event& event) {
  if (waiting < OUTBOX) outbox[waiting++] = event;
}

void watch() {
  const bool seen = digitalRead(PIR_PIN) == HIGH;
  if (seen && !motion) put({nextNumber++, millis()});
  motion = seen;
}

void sendWaiting() {
  if (sent > 0 && millis() - lastSendMs >= SEND_AGAIN_MS) sent = 0;  // the gateway could not store them
  while (sent < waiting && usmp.alive()) {
    const Event& event = outbox[sent];
    if (!usmp.send("motion " + String(event.number) + " at " + String(event.atMs))) return;
    sent++;
    lastSendMs = millis();
  }
}

// Not awaited in setup(): what happens before the first session counts as well.
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
  pinMode(PIR_PIN, INPUT);
  usmp.onConnect(onConnect);
  usmp.onMessage(onMessage);
}

void loop() {
  keepSession();
  watch();
  sendWaiting();
}
