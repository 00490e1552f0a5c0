/*
 * Door alarm: a siren that needs no network, a heartbeat that tells the gateway that it is there, and a watchdog that
 * notices when the gateway is not.
 *
 * From the gateway: "arm", "disarm", "beat" (at least every 30 seconds, else the fault LED lights).
 * To the gateway:   "armed", "disarmed", "open", "closed", "ALARM", every 10 seconds "heartbeat armed closed";
 *                   on each new session "state ..." with what happened meanwhile.
 *
 * The session has its own keepalive, which proves that the two programs can talk. The beat proves that the one behind
 * the gateway, which would call somebody, is alive as well.
 *
 * Wiring: reed switch from GPIO 14 to ground (closed with the door), siren 26, fault LED 27.
 */
#include <USMP.h>

#define PSK "usmp-dev-psk-change-me-before-prod"
#define SERVER_IP "192.168.1.100"
#define SERVER_PORT 9000
#define WIFI_SSID "my network"
#define WIFI_PASS "its password"

const uint8_t DOOR_PIN = 14;
const uint8_t SIREN_PIN = 26;
const uint8_t FAULT_PIN = 27;
const uint32_t DEBOUNCE_MS = 50;
const uint32_t ENTRY_MS = 15000;   // to reach whatever sends "disarm"
const uint32_t SIREN_MS = 180000;  // as long as neighbours and the law allow
const uint32_t HEARTBEAT_MS = 10000;
const uint32_t BEAT_MS = 30000;
const uint32_t RETRY_MS = 5000;

enum State { DISARMED, ARMED, ENTRY, ALARM };
const char* const STATE_NAMES[] = {"disarmed", "armed", "entry", "ALARM"};

USMPClient usmp(PSK);

State state = DISARMED;
uint32_t enteredMs = 0;
bool doorOpen = false;
bool lastReading = false;
uint32_t doorEdgeMs = 0;
uint32_t lastBeatMs = 0;
uint32_t lastHeartbeatMs = 0;
uint32_t alarms = 0;
bool begun = false;
uint32_t lastBeginMs = 0;

// A send() that fails is not repeated, here or below: onConnect() and each heartbeat tell the state and the door, and
// onConnect() the alarms that nobody heard of.
void enter(State next) {
  state = next;
  enteredMs = millis();
  digitalWrite(SIREN_PIN, next == ALARM ? HIGH : LOW);
  if (next == ALARM) alarms++;
  usmp.send(STATE_NAMES[next]);
}

void onConnect() {
  usmp.keepalive(10000);  // after begin(), which sets it to 30 seconds; each new session keeps it
  lastBeatMs = millis();
  usmp.send(String("state ") + STATE_NAMES[state] + (doorOpen ? " open" : " closed") + " alarms=" + String(alarms));
}

void onMessage(const uint8_t* data, size_t len) {
  String command((const char*)data, len);
  command.trim();
  if (command == "beat") {
    lastBeatMs = millis();
  } else if (command == "arm") {
    if (doorOpen) {
      usmp.send("ERR the door is open");
    } else if (state == DISARMED) {
      enter(ARMED);
    }
  } else if (command == "disarm") {
    enter(DISARMED);
  } else {
    usmp.send("ERR arm, disarm or beat");
  }
}

void readDoor() {
  const bool open = digitalRead(DOOR_PIN) == HIGH;
  if (open != lastReading) {
    lastReading = open;
    doorEdgeMs = millis();
  }
  if (open == doorOpen || millis() - doorEdgeMs < DEBOUNCE_MS) return;
  doorOpen = open;
  usmp.send(doorOpen ? "open" : "closed");
  if (doorOpen && state == ARMED) enter(ENTRY);
}

void run() {
  const uint32_t inStateMs = millis() - enteredMs;
  if (state == ENTRY && inStateMs >= ENTRY_MS) enter(ALARM);
  if (state == ALARM && inStateMs >= SIREN_MS) enter(ARMED);

  const bool fault = millis() - lastBeatMs >= BEAT_MS;
  digitalWrite(FAULT_PIN, fault ? HIGH : LOW);

  if (millis() - lastHeartbeatMs >= HEARTBEAT_MS) {
    lastHeartbeatMs = millis();
    usmp.send(String("heartbeat ") + STATE_NAMES[state] + (doorOpen ? " open" : " closed"));
  }
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
  pinMode(DOOR_PIN, INPUT_PULLUP);
  pinMode(SIREN_PIN, OUTPUT);
  pinMode(FAULT_PIN, OUTPUT);
  usmp.onConnect(onConnect);
  usmp.onMessage(onMessage);
}

void loop() {
  keepSession();
  readDoor();
  run();
}
