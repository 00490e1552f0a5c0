/*
 * Dimmer: an LED strip that fades, looks even to the eye, and comes back after a power cut as it was.
 *
 * From the gateway: "to 80" (percent, in a second), "to 80 5000" (in 5 seconds), "state".
 * To the gateway:   "at 80" when a fade has ended, to "state", and on each new session.
 *
 * Wiring: the gate of a MOSFET at GPIO 25.
 */
#include <EEPROM.h>
#include <USMP.h>

#define PSK "usmp-dev-psk-change-me-before-prod"
#define SERVER_IP "192.168.1.100"
#define SERVER_PORT 9000
#define WIFI_SSID "my network"
#define WIFI_PASS "its password"

const uint8_t LED_PIN = 25;
const uint32_t FADE_MS = 1000;
const uint32_t LONGEST_FADE_MS = 600000;
const uint32_t UPDATE_EVERY_MS = 20;
const uint32_t RETRY_MS = 5000;
const int LEVEL_ADDRESS = 0;
const uint8_t LEVEL_NEVER_WRITTEN = 255;  // what erased flash reads

USMPClient usmp(PSK);

uint8_t level = 0;  // percent
uint8_t fromLevel = 0;
uint8_t targetLevel = 0;
uint32_t fadeStartMs = 0;
uint32_t fadeMs = 0;
bool fading = false;
uint32_t lastUpdateMs = 0;
bool begun = false;
uint32_t lastBeginMs = 0;

// The eye sees ratios: the cube of the level is close to what looks like half, a quarter, and so on.
uint8_t dutyOf(uint8_t percent) {
  if (percent == 0) return 0;
  const uint32_t cube = (uint32_t)percent * percent * percent;
  return max((uint32_t)1, cube * 255 / 1000000);  // 1 percent is still some light
}

void setLevel(uint8_t percent) {
  level = percent;
  analogWrite(LED_PIN, dutyOf(percent));
}

// A send() that fails is not repeated: each new session starts with announce(), and has no use for an old answer.
void announce() {
  usmp.send("at " + String(level));
}

void startFade(uint8_t percent, uint32_t ms) {
  fromLevel = level;
  targetLevel = percent;
  fadeStartMs = millis();
  fadeMs = ms;
  fading = true;
  // Where the light goes to, not each step on the way: flash wears out with writing.
  if (EEPROM.read(LEVEL_ADDRESS) != percent) {
    EEPROM.write(LEVEL_ADDRESS, percent);
    EEPROM.commit();
  }
}

void fade() {
  const uint32_t elapsedMs = millis() - fadeStartMs;
  if (elapsedMs >= fadeMs) {
    fading = false;
    setLevel(targetLevel);
    announce();
    return;
  }
  setLevel(map(elapsedMs, 0, fadeMs, fromLevel, targetLevel));
}

void onMessage(const uint8_t* data, size_t len) {
  char command[24];
  if (len >= sizeof(command)) {
    usmp.send("ERR too long");
    return;
  }
  memcpy(command, data, len);
  command[len] = '\0';

  unsigned percent = 0;
  unsigned ms = FADE_MS;
  if (strcmp(command, "state") == 0) {
    announce();
  } else if (sscanf(command, "to %u %u", &percent, &ms) >= 1 && percent <= 100 && ms <= LONGEST_FADE_MS) {
    startFade(percent, ms);
  } else {
    usmp.send("ERR to takes 0 to 100, and milliseconds");
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
  EEPROM.begin(1);
  pinMode(LED_PIN, OUTPUT);
  const uint8_t stored = EEPROM.read(LEVEL_ADDRESS);
  setLevel(stored == LEVEL_NEVER_WRITTEN ? 0 : stored);
  usmp.onConnect(announce);
  usmp.onMessage(onMessage);
}

void loop() {
  keepSession();

  if (fading && millis() - lastUpdateMs >= UPDATE_EVERY_MS) {
    lastUpdateMs = millis();
    fade();
  }
}
