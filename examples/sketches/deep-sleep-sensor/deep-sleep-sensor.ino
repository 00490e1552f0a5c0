/*
 * Deep sleep: wake, measure, send, stop. loop() is never reached; each wake is a new life that starts with setup().
 *
 * Readings wait in RTC memory, which keeps its content through deep sleep (not through a power cut), until the gateway
 * has said that it has them. So a night without network costs nothing but the oldest ones.
 *
 * To the gateway:   one message of lines "wake,millivolts", oldest first.
 * From the gateway: "ok" (it has them), or "ok 120" (and sleep 120 seconds from now on).
 *
 * Wiring: a soil moisture probe at GPIO 34, supplied by GPIO 25 only while it is read.
 */
#include <USMP.h>

#define PSK "usmp-dev-psk-change-me-before-prod"
#define SERVER_IP "192.168.1.100"
#define SERVER_PORT 9000
#define WIFI_SSID "my network"
#define WIFI_PASS "its password"

const uint8_t PROBE_PIN = 34;
const uint8_t SUPPLY_PIN = 25;
const uint32_t SETTLE_MS = 20;
const uint32_t ANSWER_MS = 2000;
const uint32_t LEAVE_MS = 50;  // the radio sends on its own: BYE has to be out before it is off
const uint32_t MIN_SLEEP_SECONDS = 10;
const uint32_t MAX_SLEEP_SECONDS = 86400;
const uint8_t BACKLOG = 48;

struct Reading {
  uint32_t wake;
  uint16_t milliVolts;
};

RTC_DATA_ATTR uint32_t wakes = 0;
RTC_DATA_ATTR uint32_t sleepSeconds = 60;
RTC_DATA_ATTR uint8_t waiting = 0;
RTC_DATA_ATTR Reading backlog[BACKLOG];

USMPClient usmp(PSK);

void measure() {
  digitalWrite(SUPPLY_PIN, HIGH);
  delay(SETTLE_MS);
  const uint16_t milliVolts = analogRead(PROBE_PIN) * 3300UL / 4095UL;
  digitalWrite(SUPPLY_PIN, LOW);

  if (waiting == BACKLOG) {
    memmove(backlog, backlog + 1, sizeof(Reading) * (BACKLOG - 1));
    waiting--;
  }
  backlog[waiting++] = {wakes, milliVolts};
}

bool sendBacklog() {
  String lines;
  for (uint8_t i = 0; i < waiting; i++) {
    lines += String(backlog[i].wake) + "," + String(backlog[i].milliVolts) + "\n";
  }
  return usmp.send(lines);
}

// send() alone does not say that the gateway has stored anything: its answer does.
void awaitAnswer() {
  const uint32_t sentMs = millis();
  while (usmp.alive() && millis() - sentMs < ANSWER_MS) {
    usmp.maintain();
    if (usmp.available()) {
      const String answer = usmp.read();
      if (answer != "ok" && !answer.startsWith("ok ")) continue;
      waiting = 0;
      const uint32_t seconds = answer.substring(3).toInt();
      if (seconds >= MIN_SLEEP_SECONDS && seconds <= MAX_SLEEP_SECONDS) sleepSeconds = seconds;
      return;
    }
    delay(5);
  }
}

void setup() {
  Serial.begin(115200);
  pinMode(SUPPLY_PIN, OUTPUT);
  wakes++;
  measure();

  // One attempt: what it costs to try again now, the battery has not got. The next wake tries again.
  if (usmp.begin(USMP::TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS))) {
    if (sendBacklog()) awaitAnswer();
    usmp.close();
    delay(LEAVE_MS);
  } else {
    Serial.printf("no session: %s, %u readings wait\n", usmp.lastErrorString(), (unsigned)waiting);
  }

  esp_sleep_enable_timer_wakeup(sleepSeconds * 1000000ULL);
  esp_deep_sleep_start();
}

void loop() {}
