/*
 * Fixed buffers: a display of two lines of 16 characters, without one allocation after the start.
 *
 * USMPClientStatic holds the buffers for a whole message and for the handshake, the TCP context is static as well, and
 * the sketch itself uses no String. So the heap cannot run out, nor fall to pieces, in a year of running.
 *
 * From the gateway: "1 text" and "2 text" write a line, "clear" empties both, "stats" asks for the counts.
 * To the gateway:   "OK 1", "CUT 1 5" (5 bytes had no room), "messages 7 longest 40 cut 1", "ERR ...".
 *
 * Wiring: none; the lines go to the serial monitor, where a character display would be.
 */
#include <USMP.h>

#define PSK "usmp-dev-psk-change-me-before-prod"
#define SERVER_IP "192.168.1.100"
#define SERVER_PORT 9000
#define WIFI_SSID "my network"
#define WIFI_PASS "its password"

const size_t COLUMNS = 16;
const size_t ROWS = 2;

static USMPClientStatic<> usmp(PSK);
static USMPArduinoTcpCtx tcpContext;

static char lines[ROWS][COLUMNS + 1];
static char reply[48];

static uint32_t messages = 0;
static uint32_t longest = 0;
static uint32_t cut = 0;

void clearLine(size_t row) {
  memset(lines[row], ' ', COLUMNS);
  lines[row][COLUMNS] = '\0';
}

void show() {
  for (size_t row = 0; row < ROWS; row++) Serial.printf("|%s|\n", lines[row]);
}

// Gives how many bytes had no room.
size_t writeLine(size_t row, const uint8_t* text, size_t len) {
  clearLine(row);
  const size_t fits = len < COLUMNS ? len : COLUMNS;
  for (size_t i = 0; i < fits; i++) {
    lines[row][i] = text[i] >= 0x20 && text[i] < 0x7f ? (char)text[i] : '?';
  }
  return len - fits;
}

bool is(const char* word, const uint8_t* data, size_t len) {
  return len == strlen(word) && memcmp(data, word, len) == 0;
}

void onMessage(const uint8_t* data, size_t len) {
  messages++;
  if (len > longest) longest = len;

  if (len >= 2 && (data[0] == '1' || data[0] == '2') && data[1] == ' ') {
    const size_t row = data[0] - '1';
    const size_t lost = writeLine(row, data + 2, len - 2);
    if (lost > 0) {
      cut++;
      snprintf(reply, sizeof(reply), "CUT %u %u", (unsigned)row + 1, (unsigned)lost);
    } else {
      snprintf(reply, sizeof(reply), "OK %u", (unsigned)row + 1);
    }
    show();
  } else if (is("clear", data, len)) {
    for (size_t row = 0; row < ROWS; row++) clearLine(row);
    snprintf(reply, sizeof(reply), "OK clear");
    show();
  } else if (is("stats", data, len)) {
    snprintf(reply, sizeof(reply), "messages %u longest %u cut %u", (unsigned)messages, (unsigned)longest,
             (unsigned)cut);
  } else {
    snprintf(reply, sizeof(reply), "ERR 1, 2, clear or stats");
  }
  // A send() that fails is not repeated: who asked is gone with the session.
  usmp.send((const uint8_t*)reply, strlen(reply));
}

void setup() {
  Serial.begin(115200);
  for (size_t row = 0; row < ROWS; row++) clearLine(row);
  show();

  usmp.onMessage(onMessage);
  while (!usmp.begin(USMP::TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS), &tcpContext)) {
    Serial.printf("no session: %s\n", usmp.lastErrorString());
    delay(5000);
  }
}

void loop() {
  usmp.maintain();
}
