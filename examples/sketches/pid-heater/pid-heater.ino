/*
 * PID heater: holds a temperature with a PID controller, ten times a second, and lets the gateway say which one.
 *
 * The heater goes off, and stays off until the next "set", where the sensor is broken or the plate is too hot.
 *
 * From the gateway: "set 60.5" (20 to 80 degrees), "off".
 * To the gateway:   "t=59.8 set=60.5 duty=112" every 5 seconds and on each new session;
 *                   "FAULT ..." at once, and after each of these until the next "set" or "off".
 *
 * On a board, joining the WiFi and opening a TCP connection block loop() for seconds while the gateway is away, with
 * the last duty on the pin. A heater that could do harm in that time needs its control in a task of its own, and a
 * thermal fuse in any case.
 *
 * Wiring: LM35-like sensor (10 mV a degree) at GPIO 34, MOSFET of the heater at GPIO 25.
 */
#include <USMP.h>

#define PSK "usmp-dev-psk-change-me-before-prod"
#define SERVER_IP "192.168.1.100"
#define SERVER_PORT 9000
#define WIFI_SSID "my network"
#define WIFI_PASS "its password"

const uint8_t SENSOR_PIN = 34;
const uint8_t HEATER_PIN = 25;
const uint32_t CONTROL_EVERY_MS = 100;
const uint32_t REPORT_EVERY_MS = 5000;
const uint32_t RETRY_MS = 5000;
const float MIN_SET = 20.0f;
const float MAX_SET = 80.0f;
const float TOO_HOT = 95.0f;
const int READING_SHORTED = 8;
const int READING_OPEN = 4087;
const float MAX_DUTY = 255.0f;

const float KP = 18.0f;  // duty for each degree of error
const float KI = 0.35f;  // duty for each degree and second
const float KD = 25.0f;  // duty for each degree in a second

USMPClient usmp(PSK);

bool heating = false;
float setpoint = 0.0f;
float temperature = 0.0f;
float lastTemperature = 0.0f;
const char* trouble = nullptr;
float integral = 0.0f;
int duty = 0;
uint32_t lastControlMs = 0;
uint32_t lastReportMs = 0;
bool begun = false;
uint32_t lastBeginMs = 0;

// A send() that fails is not repeated: the next report says it all again.
void report() {
  lastReportMs = millis();
  char text[48];
  snprintf(text, sizeof(text), "t=%.1f set=%.1f duty=%d", temperature, heating ? setpoint : 0.0f, duty);
  usmp.send(text);
  if (trouble != nullptr) usmp.send(String("FAULT ") + trouble);
}

void drive(int newDuty) {
  duty = newDuty;
  analogWrite(HEATER_PIN, duty);
}

void off() {
  heating = false;
  integral = 0.0f;
  drive(0);
}

void fault(const char* what) {
  off();
  trouble = what;
  report();
}

float celsiusOf(int reading) {
  return reading * 3300.0f / 4095.0f / 10.0f;
}

void control(float seconds) {
  const int reading = analogRead(SENSOR_PIN);
  temperature = celsiusOf(reading);
  // The change of the temperature, not of the error: a new setpoint then gives no kick.
  const float slope = (temperature - lastTemperature) / seconds;
  lastTemperature = temperature;
  if (!heating) return;

  if (reading <= READING_SHORTED) return fault("sensor shorted");
  if (reading >= READING_OPEN) return fault("sensor open");
  if (temperature >= TOO_HOT) return fault("too hot");

  const float error = setpoint - temperature;
  const float wanted = KP * error + integral - KD * slope;
  // The integral rests while the output is at its limit: it would wind up, and overshoot for minutes.
  if ((wanted > 0.0f || error > 0.0f) && (wanted < MAX_DUTY || error < 0.0f)) {
    integral += KI * error * seconds;
  }
  drive((int)constrain(wanted, 0.0f, MAX_DUTY));
}

void onMessage(const uint8_t* data, size_t len) {
  String command((const char*)data, len);
  command.trim();
  if (command == "off") {
    off();
  } else if (command.startsWith("set ")) {
    const float wanted = command.substring(4).toFloat();
    if (wanted < MIN_SET || wanted > MAX_SET) {
      usmp.send("ERR set takes 20 to 80");
      return;
    }
    setpoint = wanted;
    heating = true;
  } else {
    usmp.send("ERR set or off");
    return;
  }
  trouble = nullptr;
  report();
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
  pinMode(HEATER_PIN, OUTPUT);
  drive(0);
  temperature = lastTemperature = celsiusOf(analogRead(SENSOR_PIN));
  usmp.onConnect(report);
  usmp.onMessage(onMessage);
  lastControlMs = millis();
}

void loop() {
  keepSession();

  const uint32_t elapsedMs = millis() - lastControlMs;
  if (elapsedMs >= CONTROL_EVERY_MS) {
    lastControlMs += elapsedMs;
    control(elapsedMs / 1000.0f);  // what has passed, which is more where connecting took its time
  }
  if (millis() - lastReportMs >= REPORT_EVERY_MS) report();
}
