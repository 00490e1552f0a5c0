/*
 * Shared state: two callbacks and loop() work on one outbox, so that no event is lost with a session.
 *
 * loop() puts events in and sends the oldest, onMessage() takes it out when the gateway has acknowledged it, onConnect()
 * has it sent once more. So events arrive in order, some perhaps twice: the gateway tells copies by their number.
 * All three run one after the other, callbacks only within maintain(), so the outbox needs no lock.
 *
 * To the gateway:   "motion 7 at 123456" (number, milliseconds since the start)
 * From the gateway: "ack 7" (it has stored 7)
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
bool sent = false;    // the oldest one is on its way in this session
uint32_t lastSendMs = 0;
uint32_t nextNumber = 1;
bool motion = false;
bool begun = false;
uint32_t lastBeginMs = 0;

void onConnect() {
  sent = false;
}

void onMessage(const uint8_t* data, size_t len) {
  String answer((const char*)data, len);
  if (!answer.startsWith("ack ")) return;
  const uint32_t number = answer.substring(4).toInt();
  if (!sent || number != outbox[0].number) return;  // a late answer, to an event that was sent twice
  waiting--;
  memmove(outbox, outbox + 1, sizeof(Event) * waiting);
  sent = false;
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
  if (sent && millis() - lastSendMs >= SEND_AGAIN_MS) sent = false;  // the gateway could not store it
  if (sent || waiting == 0 || !usmp.alive()) return;
  sent = usmp.send("motion " + String(outbox[0].number) + " at " + String(outbox[0].atMs));
  lastSendMs = millis();
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
