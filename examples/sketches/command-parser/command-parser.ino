/*
 * Command parser: a table of commands, run from the gateway and from the serial monitor alike.
 *
 * Both are a Print to the handlers: Serial is one, and USMPClient is one too, where the end of a line sends a message.
 *
 *   help                      the commands
 *   uptime                    seconds since the start
 *   mode <pin> in|out|pullup
 *   read <pin>                0 or 1
 *   write <pin> 0|1
 *   adc <pin>                 0 to 4095
 *   echo "two words"          quotes keep words together
 *
 * Wiring: whatever is to be tried, at the pins of FREE_PINS.
 */
#include <USMP.h>

#define PSK "usmp-dev-psk-change-me-before-prod"
#define SERVER_IP "192.168.1.100"
#define SERVER_PORT 9000
#define WIFI_SSID "my network"
#define WIFI_PASS "its password"

const uint8_t FREE_PINS[] = {2, 4, 16, 17, 34, 35};
const int MAX_WORDS = 4;
const size_t MAX_LINE = 80;

USMPClient usmp(PSK);

char serialLine[MAX_LINE + 1];
size_t serialLen = 0;

// Gives -1, after it has said why, where the pin is not one to play with: a flash pin that is driven ends the program.
int freePin(const char* text, Print& out) {
  char* end = nullptr;
  const long number = strtol(text, &end, 10);
  for (uint8_t pin : FREE_PINS) {
    if (end != text && *end == '\0' && number == pin) return pin;
  }
  out.printf("ERR %s is not a free pin\n", text);
  return -1;
}

void uptime(char**, Print& out) {
  out.printf("uptime %lu\n", (unsigned long)(millis() / 1000));
}

void mode(char** args, Print& out) {
  const int pin = freePin(args[0], out);
  if (pin < 0) return;
  if (strcmp(args[1], "in") == 0) {
    pinMode(pin, INPUT);
  } else if (strcmp(args[1], "out") == 0) {
    pinMode(pin, OUTPUT);
  } else if (strcmp(args[1], "pullup") == 0) {
    pinMode(pin, INPUT_PULLUP);
  } else {
    out.printf("ERR mode is in, out or pullup, not %s\n", args[1]);
    return;
  }
  out.println("OK");
}

void readPin(char** args, Print& out) {
  const int pin = freePin(args[0], out);
  if (pin >= 0) out.printf("%d\n", digitalRead(pin));
}

void writePin(char** args, Print& out) {
  const int pin = freePin(args[0], out);
  if (pin < 0) return;
  if (strcmp(args[1], "0") != 0 && strcmp(args[1], "1") != 0) {
    out.println("ERR a pin takes 0 or 1");
    return;
  }
  digitalWrite(pin, args[1][0] == '1' ? HIGH : LOW);
  out.println("OK");
}

void adc(char** args, Print& out) {
  const int pin = freePin(args[0], out);
  if (pin >= 0) out.printf("%d\n", analogRead(pin));
}

void echo(char** args, Print& out) {
  out.println(args[0]);
}

void help(char** args, Print& out);

struct Command {
  const char* name;
  int args;
  void (*run)(char** args, Print& out);
};

const Command COMMANDS[] = {
  {"help", 0, help},
  {"uptime", 0, uptime},
  {"mode", 2, mode},
  {"read", 1, readPin},
  {"write", 2, writePin},
  {"adc", 1, adc},
  {"echo", 1, echo},
};

void help(char**, Print& out) {
  for (const Command& command : COMMANDS) {
    out.print(command.name);
    out.print(' ');
  }
  out.println();
}

// Cuts the line, in place, at spaces that are not within quotes. Gives the number of words, -1 for too many.
int split(char* line, char** words) {
  int count = 0;
  char* at = line;
  while (true) {
    while (*at == ' ') at++;
    if (*at == '\0') return count;
    if (count == MAX_WORDS) return -1;
    const char stop = *at == '"' ? '"' : ' ';
    if (stop == '"') at++;
    words[count++] = at;
    while (*at != '\0' && *at != stop) at++;
    if (*at != '\0') *at++ = '\0';
  }
}

void runLine(char* line, Print& out) {
  char* words[MAX_WORDS];
  const int count = split(line, words);
  if (count == 0) return;
  if (count < 0) {
    out.printf("ERR more than %d words\n", MAX_WORDS);
    return;
  }
  for (const Command& command : COMMANDS) {
    if (strcmp(words[0], command.name) != 0) continue;
    if (count - 1 == command.args) {
      command.run(words + 1, out);
    } else {
      out.printf("ERR %s takes %d, not %d\n", command.name, command.args, count - 1);
    }
    return;
  }
  out.printf("ERR no command %s, try help\n", words[0]);
}

// An answer that cannot be sent is not repeated: who asked is gone with the session.
void onMessage(const uint8_t* data, size_t len) {
  char line[MAX_LINE + 1];
  if (len > MAX_LINE) {
    usmp.println("ERR too long");
    return;
  }
  memcpy(line, data, len);
  line[len] = '\0';
  line[strcspn(line, "\r\n")] = '\0';
  runLine(line, usmp);
}

// Byte by byte: Serial.readStringUntil() would hold up loop(), and the session, until the line is whole.
void readSerial() {
  while (Serial.available() > 0) {
    const char c = (char)Serial.read();
    if (c == '\n') {
      serialLine[serialLen] = '\0';
      serialLen = 0;
      runLine(serialLine, Serial);
    } else if (c != '\r' && serialLen < MAX_LINE) {
      serialLine[serialLen++] = c;
    }
  }
}

void setup() {
  Serial.begin(115200);
  usmp.onMessage(onMessage);
  while (!usmp.begin(USMP::TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS))) {
    Serial.printf("no session: %s\n", usmp.lastErrorString());
    delay(5000);
  }
}

void loop() {
  usmp.maintain();
  readSerial();
}
