/*
 * Debounced button: one push-button tells three words apart.
 *
 * To the gateway: "button" (short), "double" (two short ones), "long" (while it is still held).
 *                 What was pressed without a session is stale when one comes: "missed 2" says how many.
 *
 * Wiring: the BOOT button that most ESP32 boards have at GPIO 0, or any other from GPIO 0 to ground.
 */
#include <USMP.h>

#define PSK "usmp-dev-psk-change-me-before-prod"
#define SERVER_IP "192.168.1.100"
#define SERVER_PORT 9000
#define WIFI_SSID "my network"
#define WIFI_PASS "its password"

const uint8_t BUTTON_PIN = 0;
const uint32_t DEBOUNCE_MS = 30;
const uint32_t LONG_MS = 800;
const uint32_t DOUBLE_GAP_MS = 300;

USMPClient usmp(PSK);

int lastReading = HIGH;
uint32_t lastEdgeMs = 0;
bool pressed = false;
uint32_t pressedMs = 0;
uint32_t releasedMs = 0;
bool toldLong = false;
int shortPresses = 0;
uint32_t missed = 0;

void tell(const char* word) {
  if (!usmp.send(word)) missed++;
}

void onConnect() {
  if (missed == 0) return;
  if (usmp.send("missed " + String(missed))) missed = 0;
}

void onPressed() {
  pressedMs = millis();
  toldLong = false;
}

void onReleased() {
  releasedMs = millis();
  if (!toldLong) shortPresses++;
}

// A reading counts when it has stayed the same for DEBOUNCE_MS: contacts bounce for some 5 ms, both ways.
void readButton() {
  const int reading = digitalRead(BUTTON_PIN);
  if (reading != lastReading) {
    lastReading = reading;
    lastEdgeMs = millis();
  }
  if (millis() - lastEdgeMs < DEBOUNCE_MS || pressed == (reading == LOW)) return;
  pressed = reading == LOW;
  if (pressed) {
    onPressed();
  } else {
    onReleased();
  }
}

void decide() {
  if (pressed && !toldLong && millis() - pressedMs >= LONG_MS) {
    toldLong = true;
    shortPresses = 0;
    tell("long");
  } else if (shortPresses == 2) {
    shortPresses = 0;
    tell("double");
  } else if (shortPresses == 1 && !pressed && millis() - releasedMs >= DOUBLE_GAP_MS) {
    shortPresses = 0;
    tell("button");
  }
}

void setup() {
  Serial.begin(115200);
  pinMode(BUTTON_PIN, INPUT_PULLUP);
  usmp.onConnect(onConnect);
  while (!usmp.begin(USMP::TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS))) {
    Serial.printf("no session: %s\n", usmp.lastErrorString());
    delay(5000);
  }
}

void loop() {
  usmp.maintain();
  readButton();
  decide();
}
