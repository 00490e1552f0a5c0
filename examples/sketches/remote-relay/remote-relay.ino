/*
 * Remote relay: four relays, switched by the gateway. They fall off when there has been no session for 30 seconds.
 * A network that fails without a word is noticed by the keepalive, half a minute to a minute later.
 *
 * From the gateway: "2 on", "2 off", "2 pulse 500" (milliseconds, for a door opener), "all off", "state".
 * To the gateway:   "relays 0100", after each change and on each new session; "ERR ..." for what it did not understand.
 *
 * Wiring: a relay board whose inputs are active LOW, at GPIO 16 to 19.
 */
#include <USMP.h>

#define PSK "usmp-dev-psk-change-me-before-prod"
#define SERVER_IP "192.168.1.100"
#define SERVER_PORT 9000
#define WIFI_SSID "my network"
#define WIFI_PASS "its password"

const uint8_t RELAY_PINS[] = {16, 17, 18, 19};
const int RELAYS = sizeof(RELAY_PINS) / sizeof(RELAY_PINS[0]);
const uint32_t FALL_OFF_AFTER_MS = 30000;
const uint32_t LONGEST_PULSE_MS = 10000;
const uint32_t RETRY_MS = 5000;

struct Relay {
  bool on;
  uint32_t pulseMs;  // 0: stays as it is
  uint32_t switchedMs;
};

USMPClient usmp(PSK);
Relay relays[RELAYS];
bool begun = false;
uint32_t lastBeginMs = 0;
uint32_t lastAliveMs = 0;

void switchRelay(int index, bool on, uint32_t pulseMs) {
  relays[index] = {on, pulseMs, millis()};
  digitalWrite(RELAY_PINS[index], on ? LOW : HIGH);
}

void allOff() {
  for (int i = 0; i < RELAYS; i++) switchRelay(i, false, 0);
}

// A send() that fails is not repeated: each new session starts with announce(), and has no use for an old answer.
void announce() {
  char text[8 + RELAYS] = "relays ";
  for (int i = 0; i < RELAYS; i++) text[7 + i] = relays[i].on ? '1' : '0';
  text[7 + RELAYS] = '\0';
  usmp.send(text);
}

bool run(const char* command) {
  if (strcmp(command, "state") == 0) return true;
  if (strcmp(command, "all off") == 0) {
    allOff();
    return true;
  }

  int number = 0;
  char word[8] = "";
  unsigned pulseMs = 0;
  const int fields = sscanf(command, "%d %7s %u", &number, word, &pulseMs);
  if (fields < 2 || number < 1 || number > RELAYS) return false;

  if (strcmp(word, "on") == 0 && fields == 2) {
    switchRelay(number - 1, true, 0);
  } else if (strcmp(word, "off") == 0 && fields == 2) {
    switchRelay(number - 1, false, 0);
  } else if (strcmp(word, "pulse") == 0 && fields == 3 && pulseMs >= 1 && pulseMs <= LONGEST_PULSE_MS) {
    switchRelay(number - 1, true, pulseMs);
  } else {
    return false;
  }
  return true;
}

void onMessage(const uint8_t* data, size_t len) {
  char command[24];
  if (len >= sizeof(command)) {
    usmp.send("ERR too long");
    return;
  }
  memcpy(command, data, len);  // what arrives is bytes: it has no terminating zero
  command[len] = '\0';

  if (run(command)) {
    announce();
  } else {
    usmp.send("ERR not understood");
  }
}

// The relays need their loop() even while there is no gateway, so nothing here waits for a session.
// What still blocks for some seconds, on a board, is joining the WiFi and opening a TCP connection.
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
  for (int i = 0; i < RELAYS; i++) {
    // LOW, which is on, for some microseconds in between: no relay is that fast.
    pinMode(RELAY_PINS[i], OUTPUT);
    switchRelay(i, false, 0);
  }
  usmp.onConnect(announce);
  usmp.onMessage(onMessage);
}

void loop() {
  keepSession();

  for (int i = 0; i < RELAYS; i++) {
    if (relays[i].pulseMs > 0 && millis() - relays[i].switchedMs >= relays[i].pulseMs) {
      switchRelay(i, false, 0);
      announce();
    }
  }

  if (usmp.alive()) {
    lastAliveMs = millis();
  } else if (millis() - lastAliveMs >= FALL_OFF_AFTER_MS) {
    lastAliveMs = millis();
    allOff();
  }
}
