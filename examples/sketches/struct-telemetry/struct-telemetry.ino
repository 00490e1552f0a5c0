/*
 * Struct telemetry: packed structs on the wire, 12 bytes up and 6 bytes down, little-endian as the ESP32 stores them.
 *
 * They carry no checksum, since the session proves each byte; a version they do: two sides are never updated at once.
 *
 * To the gateway:   Telemetry, every intervalSeconds, and at once when the temperature passes the alarm level.
 * From the gateway: Config.
 *
 * Wiring: TMP36 at GPIO 34; the battery, halved by two resistors of 100 kOhm, at GPIO 35.
 */
#include <USMP.h>

#define PSK "usmp-dev-psk-change-me-before-prod"
#define SERVER_IP "192.168.1.100"
#define SERVER_PORT 9000
#define WIFI_SSID "my network"
#define WIFI_PASS "its password"

const uint8_t TEMPERATURE_PIN = 34;
const uint8_t BATTERY_PIN = 35;
const uint8_t VERSION = 1;
const uint8_t FLAG_ALARM = 0x01;
const uint8_t FLAG_FIRST_SINCE_START = 0x02;

struct __attribute__((packed)) Telemetry {
  uint8_t version;
  uint8_t flags;
  uint16_t sequence;  // wraps; a gap says how many the gateway never got
  uint32_t uptimeMs;  // wraps after 49.7 days
  int16_t centiCelsius;
  uint16_t batteryMilliVolts;
};
static_assert(sizeof(Telemetry) == 12, "the gateway counts on 12 bytes");

struct __attribute__((packed)) Config {
  uint8_t version;
  uint8_t reserved;
  uint16_t intervalSeconds;
  int16_t alarmCentiCelsius;
};
static_assert(sizeof(Config) == 6, "the gateway sends 6 bytes");

USMPClient usmp(PSK);

Config config = {VERSION, 0, 10, 6000};
uint16_t sequence = 0;
bool first = true;
bool alarmed = false;
uint32_t lastSendMs = 0;

int16_t readCentiCelsius() {
  const uint32_t milliVolts = analogRead(TEMPERATURE_PIN) * 3300UL / 4095UL;
  return (int16_t)(((int32_t)milliVolts - 500) * 10);
}

uint16_t readBatteryMilliVolts() {
  return (uint16_t)(analogRead(BATTERY_PIN) * 2UL * 3300UL / 4095UL);
}

void sendTelemetry() {
  lastSendMs = millis();
  Telemetry telemetry;
  telemetry.version = VERSION;
  telemetry.flags = (alarmed ? FLAG_ALARM : 0) | (first ? FLAG_FIRST_SINCE_START : 0);
  telemetry.sequence = sequence++;
  telemetry.uptimeMs = millis();
  telemetry.centiCelsius = readCentiCelsius();
  telemetry.batteryMilliVolts = readBatteryMilliVolts();
  if (usmp.send((const uint8_t*)&telemetry, sizeof(telemetry))) first = false;
}

void onMessage(const uint8_t* data, size_t len) {
  Config received;
  if (len != sizeof(received)) {
    Serial.printf("config of %u bytes ignored\n", (unsigned)len);
    return;
  }
  memcpy(&received, data, sizeof(received));  // not a cast: data need not be aligned
  if (received.version != VERSION || received.intervalSeconds == 0) {
    Serial.println("config ignored");
    return;
  }
  config = received;
  sendTelemetry();
}

void setup() {
  Serial.begin(115200);
  usmp.onConnect(sendTelemetry);
  usmp.onMessage(onMessage);
  while (!usmp.begin(USMP::TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS))) {
    Serial.printf("no session: %s\n", usmp.lastErrorString());
    delay(5000);
  }
}

void loop() {
  usmp.maintain();

  const bool hot = readCentiCelsius() >= config.alarmCentiCelsius;
  if (hot != alarmed) {
    alarmed = hot;
    sendTelemetry();
  } else if (millis() - lastSendMs >= config.intervalSeconds * 1000UL) {
    sendTelemetry();
  }

  delay(20);
}
