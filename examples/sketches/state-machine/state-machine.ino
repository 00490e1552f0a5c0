/*
 * State machine: a pedestrian crossing. Each state has a duration in millis() and one place where it is entered.
 *
 *   CARS_GO --button, after 10 s at least--> CARS_STOPPING --3 s--> WALK --8 s--> CLEARING --4 s--> CARS_GO
 *   any state --"night"--> NIGHT (amber flashes) --"day"--> CLEARING
 *
 * From the gateway: "night", "day", "walk" (as the button).
 * To the gateway:   the name of each state when it is entered, and on each new session.
 *
 * The crossing works without a gateway: it is never waited for.
 *
 * Wiring: LEDs red 25, amber 26, green 27, walk 32; button from GPIO 4 to ground.
 */
#include <USMP.h>

#define PSK "usmp-dev-psk-change-me-before-prod"
#define SERVER_IP "192.168.1.100"
#define SERVER_PORT 9000
#define WIFI_SSID "my network"
#define WIFI_PASS "its password"

const uint8_t RED_PIN = 25;
const uint8_t AMBER_PIN = 26;
const uint8_t GREEN_PIN = 27;
const uint8_t WALK_PIN = 32;
const uint8_t BUTTON_PIN = 4;

const uint32_t GREEN_AT_LEAST_MS = 10000;
const uint32_t STOPPING_MS = 3000;
const uint32_t WALK_MS = 8000;
const uint32_t CLEARING_MS = 4000;
const uint32_t FLASH_MS = 500;
const uint32_t RETRY_MS = 5000;

enum State { CARS_GO, CARS_STOPPING, WALK, CLEARING, NIGHT };
const char* const STATE_NAMES[] = {"cars go", "cars stopping", "walk", "clearing", "night"};

USMPClient usmp(PSK);

State state;
uint32_t enteredMs;
bool walkWanted = false;
bool begun = false;
uint32_t lastBeginMs = 0;

void lights(bool red, bool amber, bool green, bool walk) {
  digitalWrite(RED_PIN, red);
  digitalWrite(AMBER_PIN, amber);
  digitalWrite(GREEN_PIN, green);
  digitalWrite(WALK_PIN, walk);
}

// A send() that fails is not repeated: each new session starts with announce().
void announce() {
  usmp.send(STATE_NAMES[state]);
}

void enter(State next) {
  state = next;
  enteredMs = millis();
  switch (next) {
    case CARS_GO:
      lights(false, false, true, false);
      break;
    case CARS_STOPPING:
      lights(false, true, false, false);
      break;
    case WALK:
      walkWanted = false;
      lights(true, false, false, true);
      break;
    case CLEARING:
      lights(true, false, false, false);
      break;
    case NIGHT:
      lights(false, true, false, false);
      break;
  }
  announce();
}

void run() {
  const uint32_t inStateMs = millis() - enteredMs;
  const bool flashOn = (inStateMs / FLASH_MS) % 2 == 0;
  switch (state) {
    case CARS_GO:
      if (walkWanted && inStateMs >= GREEN_AT_LEAST_MS) enter(CARS_STOPPING);
      break;
    case CARS_STOPPING:
      if (inStateMs >= STOPPING_MS) enter(WALK);
      break;
    case WALK:
      if (inStateMs >= WALK_MS) enter(CLEARING);
      break;
    case CLEARING:
      digitalWrite(WALK_PIN, flashOn);
      if (inStateMs >= CLEARING_MS) enter(CARS_GO);
      break;
    case NIGHT:
      digitalWrite(AMBER_PIN, flashOn);
      break;
  }
}

void onMessage(const uint8_t* data, size_t len) {
  String command((const char*)data, len);
  command.trim();
  if (command == "walk") {
    walkWanted = true;
  } else if (command == "night" && state != NIGHT) {
    enter(NIGHT);
  } else if (command == "day" && state == NIGHT) {
    enter(CLEARING);  // red first: nobody knows what the cars were doing
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
  for (uint8_t pin : {RED_PIN, AMBER_PIN, GREEN_PIN, WALK_PIN}) pinMode(pin, OUTPUT);
  pinMode(BUTTON_PIN, INPUT_PULLUP);
  usmp.onConnect(announce);
  usmp.onMessage(onMessage);
  enter(CLEARING);
}

void loop() {
  keepSession();
  if (digitalRead(BUTTON_PIN) == LOW) walkWanted = true;  // it may bounce: wanting twice is wanting once
  run();
}
