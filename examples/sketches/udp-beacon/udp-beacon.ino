/*
 * UDP beacon: a temperature over UDP, sent when it has changed, and once a minute when it has not.
 *
 * USMP acknowledges and repeats datagrams itself: a send() that gave true has arrived, on a board, and may have taken
 * some seconds for that on a bad network.
 *
 * To the gateway:   "21.5". From the gateway: "step 0.5" (the change that counts, 0.1 to 10 degrees).
 *
 * Wiring: LM35 (10 mV a degree) at GPIO 34.
 */
#include <USMP.h>

#define PSK "usmp-dev-psk-change-me-before-prod"
#define SERVER_IP "192.168.1.100"
#define SERVER_PORT 9000
#define WIFI_SSID "my network"
#define WIFI_PASS "its password"

const uint8_t SENSOR_PIN = 34;
const uint32_t MEASURE_EVERY_MS = 1000;
const uint32_t AT_LEAST_EVERY_MS = 60000;

USMPClient usmp(PSK);

float step = 0.5f;
float told = NAN;
uint32_t lastTellMs = 0;
uint32_t lastMeasureMs = 0;

float readCelsius() {
  return analogRead(SENSOR_PIN) * 3300.0f / 4095.0f / 10.0f;
}

void tell(float celsius) {
  if (!usmp.send(String(celsius, 1))) return;
  told = celsius;
  lastTellMs = millis();
}

void onConnect() {
  tell(readCelsius());
}

void onMessage(const uint8_t* data, size_t len) {
  String command((const char*)data, len);
  if (!command.startsWith("step ")) return;
  step = constrain(command.substring(5).toFloat(), 0.1f, 10.0f);
}

void setup() {
  Serial.begin(115200);
  usmp.onConnect(onConnect);
  usmp.onMessage(onMessage);
  while (!usmp.begin(USMP::UDP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS))) {
    Serial.printf("no session: %s\n", usmp.lastErrorString());
    delay(5000);
  }
  lastMeasureMs = millis();
}

void loop() {
  usmp.maintain();

  if (millis() - lastMeasureMs >= MEASURE_EVERY_MS) {
    lastMeasureMs += MEASURE_EVERY_MS;
    const float celsius = readCelsius();
    if (fabsf(celsius - told) >= step || millis() - lastTellMs >= AT_LEAST_EVERY_MS) tell(celsius);
  }

  delay(10);
}
