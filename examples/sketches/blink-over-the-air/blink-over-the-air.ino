/*
 * Blink over the air: the gateway says how the LED on the board blinks.
 *
 * From the gateway: "on", "off", "blink 250" (milliseconds on, and as many off).
 * To the gateway:   the same words, after each change and on each new session.
 *
 * Wiring: none. Where the board names no LED_BUILTIN, an LED with 330 ohms at GPIO 2.
 */
#include <USMP.h>

#define PSK "usmp-dev-psk-change-me-before-prod"
#define SERVER_IP "192.168.1.100"
#define SERVER_PORT 9000
#define WIFI_SSID "my network"
#define WIFI_PASS "its password"

#ifndef LED_BUILTIN
#define LED_BUILTIN 2  // the generic "ESP32 Dev Module" names none
#endif

const uint32_t SHORTEST_MS = 20;
const uint32_t LONGEST_MS = 10000;

USMPClient usmp(PSK);

bool blinking = true;
bool ledOn = false;
uint32_t halfPeriodMs = 500;
uint32_t lastToggleMs = 0;

void setLed(bool on) {
  ledOn = on;
  digitalWrite(LED_BUILTIN, on ? HIGH : LOW);
}

// A send() that fails is not repeated: each new session starts with announce(), and has no use for an old answer.
void announce() {
  if (blinking) {
    usmp.send("blink " + String(halfPeriodMs));
  } else {
    usmp.send(ledOn ? "on" : "off");
  }
}

void onMessage(const uint8_t* data, size_t len) {
  String command((const char*)data, len);
  command.trim();

  if (command == "on" || command == "off") {
    blinking = false;
    setLed(command == "on");
  } else if (command.startsWith("blink ")) {
    const long ms = command.substring(6).toInt();
    if (ms < (long)SHORTEST_MS || ms > (long)LONGEST_MS) {
      usmp.send("ERR blink takes 20 to 10000 milliseconds");
      return;
    }
    blinking = true;
    halfPeriodMs = ms;
    lastToggleMs = millis();
    setLed(true);
  } else {
    usmp.send("ERR unknown: " + command);
    return;
  }
  announce();
}

void setup() {
  Serial.begin(115200);
  pinMode(LED_BUILTIN, OUTPUT);

  usmp.onConnect(announce);  // each session: a gateway that was restarted learns the state anew
  usmp.onMessage(onMessage);

  // Until a begin() has succeeded, maintain() has nothing to maintain: the sketch itself tries again.
  while (!usmp.begin(USMP::TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS))) {
    Serial.printf("no session: %s\n", usmp.lastErrorString());
    delay(5000);
  }
  lastToggleMs = millis();  // what setup() took is not made up for
}

void loop() {
  usmp.maintain();

  // The difference of two unsigned numbers is right even when millis() has wrapped, after 49.7 days.
  const uint32_t elapsedMs = millis() - lastToggleMs;
  if (blinking && elapsedMs >= halfPeriodMs) {
    lastToggleMs += elapsedMs - elapsedMs % halfPeriodMs;  // in step, and what was missed is not made up for
    setLed(!ledOn);
  }
}
