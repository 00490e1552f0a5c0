/*
 * Class-based driver: a roller shutter on a stepper motor. StepperMotor knows coils, Shutter knows ends and percent,
 * and neither knows of the network; what holds them together is a few lines at the end.
 *
 * From the gateway: "home" (up to the end switch), "to 50" (0 open to 100 closed), "stop".
 * To the gateway:   "at 50", "stopped at 31", "homed", "ERR not homed", "ERR end switch";
 *                   "at 50" or "lost" (not homed) on each new session.
 *
 * Wiring: 28BYJ-48 behind a ULN2003 at GPIO 16 to 19, end switch from GPIO 33 to ground (closed at the upper end).
 */
#include <USMP.h>

#define PSK "usmp-dev-psk-change-me-before-prod"
#define SERVER_IP "192.168.1.100"
#define SERVER_PORT 9000
#define WIFI_SSID "my network"
#define WIFI_PASS "its password"

class StepperMotor {
 public:
  StepperMotor(const uint8_t (&pins)[4], uint32_t stepMs) : _stepMs(stepMs) { memcpy(_pins, pins, sizeof(_pins)); }

  void begin() {
    for (uint8_t pin : _pins) pinMode(pin, OUTPUT);
    release();
  }

  void moveTo(long position) { _target = position; }
  void moveBy(long steps) { _target = _position + steps; }
  void stop() { _target = _position; }
  void setPosition(long position) { _position = _target = position; }
  long position() const { return _position; }
  bool moving() const { return _position != _target; }

  // To be called often: makes one half-step when it is due.
  void run() {
    if (millis() - _lastStepMs < _stepMs) return;
    if (!moving()) {
      release();
      return;
    }
    _lastStepMs = millis();
    const int step = _target > _position ? 1 : -1;
    _position += step;
    _phase = (_phase + step) & 7;  // not of the position: that may be set anew, the rotor stays where it is
    const uint8_t coils = HALF_STEPS[_phase];
    for (int i = 0; i < 4; i++) digitalWrite(_pins[i], coils >> i & 1);
    _energized = true;
  }

 private:
  static constexpr uint8_t HALF_STEPS[8] = {0b0001, 0b0011, 0b0010, 0b0110, 0b0100, 0b1100, 0b1000, 0b1001};

  uint8_t _pins[4];
  uint32_t _stepMs;
  long _position = 0;
  long _target = 0;
  int _phase = 0;
  uint32_t _lastStepMs = 0;
  bool _energized = true;

  // The gear holds the shutter; coils that stay on would only get hot.
  void release() {
    if (!_energized) return;
    for (uint8_t pin : _pins) digitalWrite(pin, LOW);
    _energized = false;
  }
};
constexpr uint8_t StepperMotor::HALF_STEPS[8];

class Shutter {
 public:
  enum Event { NONE, HOMED, ARRIVED, END_SWITCH };

  Shutter(StepperMotor& motor, uint8_t endPin, long travelSteps)
      : _motor(motor), _endPin(endPin), _travelSteps(travelSteps) {}

  void begin() {
    pinMode(_endPin, INPUT_PULLUP);
    _motor.begin();
  }

  bool homed() const { return _homed; }
  int percent() const { return (int)((_motor.position() * 100 + _travelSteps / 2) / _travelSteps); }

  void home() {
    _homed = false;
    _state = HOMING;
    _motor.moveBy(-2 * _travelSteps);
  }

  void to(int percent) {
    _state = MOVING;
    _motor.moveTo(_travelSteps * percent / 100);
  }

  void stop() {
    _state = RESTING;
    _motor.stop();
  }

  Event run() {
    _motor.run();
    switch (_state) {
      case HOMING:
        if (atEnd()) {
          _motor.setPosition(0);
          _homed = true;
          _state = RESTING;
          return HOMED;
        }
        if (!_motor.moving()) {  // twice the way, and no switch
          _state = RESTING;
          return END_SWITCH;
        }
        return NONE;
      case MOVING:
        if (_motor.moving()) return NONE;
        _state = RESTING;
        return ARRIVED;
      case RESTING:
        return NONE;
    }
    return NONE;
  }

 private:
  enum State { RESTING, HOMING, MOVING };

  StepperMotor& _motor;
  uint8_t _endPin;
  long _travelSteps;
  State _state = RESTING;
  bool _homed = false;

  bool atEnd() const { return digitalRead(_endPin) == LOW; }
};

const uint8_t COIL_PINS[4] = {16, 17, 18, 19};
const uint8_t END_PIN = 33;
const uint32_t STEP_MS = 2;
const long TRAVEL_STEPS = 4096;  // one turn of a 28BYJ-48

StepperMotor motor(COIL_PINS, STEP_MS);
Shutter shutter(motor, END_PIN, TRAVEL_STEPS);

USMPClient usmp(PSK);

// A send() that fails is not repeated: each new session starts with announce(), and has no use for an old answer.
void announce() {
  usmp.send(shutter.homed() ? "at " + String(shutter.percent()) : String("lost"));
}

// A callback of USMPClient is a plain function: it reaches objects because they are global.
void onMessage(const uint8_t* data, size_t len) {
  String command((const char*)data, len);
  command.trim();
  if (command == "home") {
    shutter.home();
  } else if (command == "stop") {
    shutter.stop();
    usmp.send(shutter.homed() ? "stopped at " + String(shutter.percent()) : String("stopped, lost"));
  } else if (command.startsWith("to ")) {
    const int percent = command.substring(3).toInt();
    if (!shutter.homed()) {
      usmp.send("ERR not homed");
    } else if (percent < 0 || percent > 100) {
      usmp.send("ERR to takes 0 to 100");
    } else {
      shutter.to(percent);
    }
  } else {
    usmp.send("ERR home, to or stop");
  }
}

void setup() {
  Serial.begin(115200);
  shutter.begin();
  usmp.onConnect(announce);
  usmp.onMessage(onMessage);
  while (!usmp.begin(USMP::TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS))) {
    Serial.printf("no session: %s\n", usmp.lastErrorString());
    delay(5000);
  }
}

void loop() {
  usmp.maintain();
  switch (shutter.run()) {
    case Shutter::HOMED:
      usmp.send("homed");
      break;
    case Shutter::ARRIVED:
      announce();
      break;
    case Shutter::END_SWITCH:
      usmp.send("ERR end switch");
      break;
    case Shutter::NONE:
      break;
  }
}
