/*
 * Sensor publisher: the mean of 16 samples every 5 seconds, as a line of text; in the polling style, without callbacks.
 *
 * To the gateway:   "temp=21.5 missed=0\r\n"; "missed" counts the lines that no session was there for.
 * From the gateway: "now" asks for a line at once.
 *
 * Wiring: TMP36 (10 mV a degree, 500 mV at 0 degrees) at GPIO 34. It is on ADC1: ADC2 does not work while WiFi is on.
 */
#include <USMP.h>

#define PSK "usmp-dev-psk-change-me-before-prod"
#define SERVER_IP "192.168.1.100"
#define SERVER_PORT 9000
#define WIFI_SSID "my network"
#define WIFI_PASS "its password"

const uint8_t SENSOR_PIN = 34;
const int SAMPLES = 16;
const uint32_t PUBLISH_EVERY_MS = 5000;

USMPClient usmp(PSK);

uint32_t lastPublishMs = 0;
uint32_t missed = 0;

float readCelsius() {
  uint32_t sum = 0;
  for (int i = 0; i < SAMPLES; i++) sum += analogRead(SENSOR_PIN);
  const float milliVolts = (float)sum / SAMPLES * 3300.0f / 4095.0f;
  return (milliVolts - 500.0f) / 10.0f;
}

void publish() {
  if (!usmp.alive()) {
    missed++;
    return;
  }
  // One message: print() gathers, the end of the line sends.
  usmp.print("temp=");
  usmp.print(readCelsius(), 1);
  usmp.print(" missed=");
  usmp.println(missed);
  missed = usmp.alive() ? 0 : missed + 1;  // a send that fails ends the session
}

void setup() {
  Serial.begin(115200);
  analogReadResolution(12);

  while (!usmp.begin(USMP::TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS))) {
    Serial.printf("no session: %s\n", usmp.lastErrorString());
    delay(5000);
  }
  lastPublishMs = millis();
  publish();
}

void loop() {
  usmp.maintain();

  if (usmp.available()) {
    String request = usmp.read();
    request.trim();
    if (request == "now") publish();
  }

  if (millis() - lastPublishMs >= PUBLISH_EVERY_MS) {
    lastPublishMs += PUBLISH_EVERY_MS;  // not millis(): the time that a turn takes must not add up
    publish();
  }

  delay(10);
}
