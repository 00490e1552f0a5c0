/*
 * Settings: what the gateway sets is kept in flash, and survives restarts and power cuts.
 *
 * From the gateway: "get", "set interval 10" (1 to 3600 seconds), "set name kitchen", "factory", "reboot".
 * To the gateway:   "name=kitchen interval=10 boots=3", on each new session and for each command that worked;
 *                   "kitchen is alive" every interval; "ERR ...".
 *
 * Wiring: none.
 */
#include <Preferences.h>
#include <USMP.h>

#define PSK "usmp-dev-psk-change-me-before-prod"
#define SERVER_IP "192.168.1.100"
#define SERVER_PORT 9000
#define WIFI_SSID "my network"
#define WIFI_PASS "its password"

const uint32_t MIN_INTERVAL = 1;
const uint32_t MAX_INTERVAL = 3600;
const size_t MAX_NAME = 20;
const uint32_t LEAVE_MS = 50;  // the radio sends on its own: BYE has to be out before the restart

USMPClient usmp(PSK);
Preferences preferences;

String name;
uint32_t intervalSeconds;
uint32_t boots;
bool rebootWanted = false;
uint32_t lastAliveMs = 0;

void load() {
  name = preferences.getString("name", "unnamed");
  intervalSeconds = preferences.getUInt("interval", 30);
}

// A send() that fails is not repeated: each new session starts with announce(), and has no use for an old answer.
// The next "is alive" comes in any case.
void announce() {
  usmp.send("name=" + name + " interval=" + String(intervalSeconds) + " boots=" + String(boots));
}

bool setInterval(const String& value) {
  const long seconds = value.toInt();
  if (seconds < (long)MIN_INTERVAL || seconds > (long)MAX_INTERVAL) return false;
  // Flash wears out, at some 100,000 writes of a page: what is there already is not written again.
  if ((uint32_t)seconds != intervalSeconds) preferences.putUInt("interval", seconds);
  return true;
}

bool setName(const String& value) {
  if (value.length() == 0 || value.length() > MAX_NAME) return false;
  if (value != name) preferences.putString("name", value);
  return true;
}

void onMessage(const uint8_t* data, size_t len) {
  String command((const char*)data, len);
  command.trim();

  bool ok = false;
  if (command == "get") {
    ok = true;
  } else if (command.startsWith("set interval ")) {
    ok = setInterval(command.substring(13));
  } else if (command.startsWith("set name ")) {
    ok = setName(command.substring(9));
  } else if (command == "factory") {
    preferences.clear();
    preferences.putUInt("boots", boots);
    ok = true;
  } else if (command == "reboot") {
    rebootWanted = true;  // not here: a callback returns before anything waits
    return;
  }

  if (!ok) {
    usmp.send("ERR " + command);
    return;
  }
  load();
  announce();
}

void setup() {
  Serial.begin(115200);
  preferences.begin("settings");
  boots = preferences.getUInt("boots", 0) + 1;
  preferences.putUInt("boots", boots);
  load();

  usmp.onConnect(announce);
  usmp.onMessage(onMessage);
  while (!usmp.begin(USMP::TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS))) {
    Serial.printf("no session: %s\n", usmp.lastErrorString());
    delay(5000);
  }
}

void reboot() {
  usmp.close();  // says BYE: the gateway knows at once, and waits for no timeout
  delay(LEAVE_MS);
  ESP.restart();
}

void loop() {
  usmp.maintain();
  if (rebootWanted) reboot();

  if (millis() - lastAliveMs >= intervalSeconds * 1000UL) {
    lastAliveMs = millis();
    usmp.send(name + " is alive");
  }
}
