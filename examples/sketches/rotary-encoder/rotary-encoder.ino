/*
 * Rotary encoder: an interrupt on each edge counts quarter steps, loop() tells the gateway, at most ten times a second.
 *
 * To the gateway:   "position 12" (detents since the start or the last reset), also on each new session; "reset".
 * From the gateway: "position 40" sets it, as where another knob of the same value was turned.
 *
 * Wiring: encoder A at GPIO 32, B at 33, its push-button at 25, the common ones to ground.
 */
#include <USMP.h>

#define PSK "usmp-dev-psk-change-me-before-prod"
#define SERVER_IP "192.168.1.100"
#define SERVER_PORT 9000
#define WIFI_SSID "my network"
#define WIFI_PASS "its password"

const uint8_t A_PIN = 32;
const uint8_t B_PIN = 33;
const uint8_t BUTTON_PIN = 25;
const int QUARTERS_PER_DETENT = 4;
const uint32_t TELL_EVERY_MS = 100;
const uint32_t DEBOUNCE_MS = 30;

// What one edge means: [A and B before, A and B now]. Two bits that change at once are a missed edge: no step.
const int8_t STEPS[16] = {0, -1, 1, 0, 1, 0, 0, -1, -1, 0, 0, 1, 0, 1, -1, 0};

USMPClient usmp(PSK);

// Shared with the interrupt: volatile, and read or changed as a whole only while it cannot run.
portMUX_TYPE mux = portMUX_INITIALIZER_UNLOCKED;
volatile long quarters = 0;
volatile uint8_t lastAB = 0;

long toldPosition = 0;
uint32_t lastTellMs = 0;
bool buttonDown = false;
uint32_t buttonEdgeMs = 0;

// Bounce counts forth and back again, so the sum stays right.
void IRAM_ATTR onEdge() {
  portENTER_CRITICAL_ISR(&mux);
  const uint8_t ab = digitalRead(A_PIN) << 1 | digitalRead(B_PIN);
  quarters = quarters + STEPS[lastAB << 2 | ab];
  lastAB = ab;
  portEXIT_CRITICAL_ISR(&mux);
}

long position() {
  portENTER_CRITICAL(&mux);
  const long now = quarters;
  portEXIT_CRITICAL(&mux);
  // Rounded to the nearest detent, also below zero.
  return (now + (now < 0 ? -QUARTERS_PER_DETENT / 2 : QUARTERS_PER_DETENT / 2)) / QUARTERS_PER_DETENT;
}

void setPosition(long newPosition) {
  portENTER_CRITICAL(&mux);
  quarters = newPosition * QUARTERS_PER_DETENT;
  portEXIT_CRITICAL(&mux);
  toldPosition = newPosition;
}

void tellPosition() {
  const long now = position();
  if (!usmp.send("position " + String(now))) return;
  toldPosition = now;
  lastTellMs = millis();
}

void onMessage(const uint8_t* data, size_t len) {
  String command((const char*)data, len);
  if (command.startsWith("position ")) setPosition(command.substring(9).toInt());
}

void readButton() {
  const bool down = digitalRead(BUTTON_PIN) == LOW;
  if (down == buttonDown || millis() - buttonEdgeMs < DEBOUNCE_MS) return;
  buttonDown = down;
  buttonEdgeMs = millis();
  if (!down) return;
  setPosition(0);
  usmp.send("reset");  // where it fails, the next session starts with "position 0"
}

void setup() {
  Serial.begin(115200);
  for (uint8_t pin : {A_PIN, B_PIN, BUTTON_PIN}) pinMode(pin, INPUT_PULLUP);
  lastAB = digitalRead(A_PIN) << 1 | digitalRead(B_PIN);
  attachInterrupt(digitalPinToInterrupt(A_PIN), onEdge, CHANGE);
  attachInterrupt(digitalPinToInterrupt(B_PIN), onEdge, CHANGE);

  usmp.onConnect(tellPosition);
  usmp.onMessage(onMessage);
  while (!usmp.begin(USMP::TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS))) {
    Serial.printf("no session: %s\n", usmp.lastErrorString());
    delay(5000);
  }
}

void loop() {
  usmp.maintain();
  readButton();
  if (position() != toldPosition && millis() - lastTellMs >= TELL_EVERY_MS) tellPosition();
}
