/*
 * Serial bridge: a device that speaks lines on a serial port, such as an old scale or meter, becomes a secure one.
 *
 * Each line from the device is a message to the gateway, each message from the gateway a line to the device. Without a
 * session the last 32 lines are kept, and "dropped 5" tells first what was not.
 *
 * Wiring: the device's TX at GPIO 16, its RX at GPIO 17 (3.3 V, or a divider), 9600 baud, 8N1.
 */
#include <USMP.h>

#define PSK "usmp-dev-psk-change-me-before-prod"
#define SERVER_IP "192.168.1.100"
#define SERVER_PORT 9000
#define WIFI_SSID "my network"
#define WIFI_PASS "its password"

const int8_t RX_PIN = 16;
const int8_t TX_PIN = 17;
const unsigned long BAUD = 9600;
const size_t MAX_LINE = 120;
const uint8_t KEPT_LINES = 32;
const uint32_t RETRY_MS = 5000;

USMPClient usmp(PSK);

// Bytes and their number: a device may well send a NUL, which would end a string.
uint8_t line[MAX_LINE];
size_t lineLen = 0;
bool tooLong = false;

uint8_t kept[KEPT_LINES][MAX_LINE];
uint8_t keptLen[KEPT_LINES];
uint8_t oldest = 0;
uint8_t count = 0;
uint32_t dropped = 0;
bool begun = false;
uint32_t lastBeginMs = 0;

void keep(const uint8_t* bytes, size_t len) {
  const uint8_t newest = (oldest + count) % KEPT_LINES;
  memcpy(kept[newest], bytes, len);
  keptLen[newest] = (uint8_t)len;
  if (count < KEPT_LINES) {
    count++;
  } else {
    oldest = (oldest + 1) % KEPT_LINES;
    dropped++;
  }
}

void onLine() {
  if (tooLong) {
    dropped++;  // half a line could be taken for a whole one: "12" for "1250 g"
  } else if (lineLen > 0) {
    keep(line, lineLen);
  }
}

void readDevice() {
  while (Serial1.available() > 0) {
    const uint8_t c = (uint8_t)Serial1.read();
    if (c == '\n') {
      onLine();
      lineLen = 0;
      tooLong = false;
    } else if (c == '\r') {
      continue;
    } else if (lineLen < MAX_LINE) {
      line[lineLen++] = c;
    } else {
      tooLong = true;
    }
  }
}

void sendKept() {
  if (!usmp.alive()) return;
  if (dropped > 0 && usmp.send("dropped " + String(dropped))) dropped = 0;
  while (count > 0 && usmp.send(kept[oldest], keptLen[oldest])) {
    oldest = (oldest + 1) % KEPT_LINES;
    count--;
  }
}

void onMessage(const uint8_t* data, size_t len) {
  Serial1.write(data, len);
  Serial1.print("\r\n");
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
  Serial1.begin(BAUD, SERIAL_8N1, RX_PIN, TX_PIN);
  usmp.onMessage(onMessage);
}

void loop() {
  keepSession();
  readDevice();
  sendKept();
}
