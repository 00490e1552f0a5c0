/*
 * Class-based driver: a roller shutter on a stepper motor. StepperMotor knows coils, Shutter knows ends and percent,
 * and neither knows of the network; what holds them together is a few lines at the end.
 *
 * From the gateway: "home" (up to the end switch), "to 50" (0 open to 100 closed), "stop".
 * To the gateway:   "at 50", "stopped at 31", "homed", "ERR not homed", "ERR end switch";
 *                   "at 50" or "lost" (not homed) on each new session.
 */
import {
  delay,
  digitalRead,
  digitalWrite,
  INPUT_PULLUP,
  isMain,
  LOW,
  millis,
  OUTPUT,
  pinMode,
  runSketch,
  Serial,
  String,
  uint32_t,
  USMP,
  USMPClient,
} from "usmp/arduino";

const PSK = process.env["USMP_PSK"] ?? "usmp-dev-psk-change-me-before-prod";
const SERVER_IP = process.env["USMP_HOST"] ?? "127.0.0.1";
const SERVER_PORT = Number(process.env["USMP_PORT"] ?? 9000);
const WIFI_SSID = "my network";
const WIFI_PASS = "its password";

const HALF_STEPS = [0b0001, 0b0011, 0b0010, 0b0110, 0b0100, 0b1100, 0b1000, 0b1001];

class StepperMotor {
  readonly #pins: readonly number[];
  readonly #stepMs: number;
  #position = 0;
  #target = 0;
  #phase = 0;
  #lastStepMs = 0;
  #energized = true;

  constructor(pins: readonly number[], stepMs: number) {
    this.#pins = pins;
    this.#stepMs = stepMs;
  }

  begin() {
    for (const pin of this.#pins) pinMode(pin, OUTPUT);
    this.#release();
  }

  moveTo(position: number) {
    this.#target = position;
  }

  moveBy(steps: number) {
    this.#target = this.#position + steps;
  }

  stop() {
    this.#target = this.#position;
  }

  setPosition(position: number) {
    this.#position = this.#target = position;
  }

  position(): number {
    return this.#position;
  }

  moving(): boolean {
    return this.#position !== this.#target;
  }

  // To be called often: makes one half-step when it is due.
  run() {
    if (uint32_t(millis() - this.#lastStepMs) < this.#stepMs) return;
    if (!this.moving()) {
      this.#release();
      return;
    }
    this.#lastStepMs = millis();
    const step = this.#target > this.#position ? 1 : -1;
    this.#position += step;
    this.#phase = (this.#phase + step) & 7; // not of the position: that may be set anew, the rotor stays where it is
    const coils = HALF_STEPS[this.#phase]!;
    for (const [i, pin] of this.#pins.entries()) digitalWrite(pin, (coils >> i) & 1);
    this.#energized = true;
  }

  // The gear holds the shutter; coils that stay on would only get hot.
  #release() {
    if (!this.#energized) return;
    for (const pin of this.#pins) digitalWrite(pin, LOW);
    this.#energized = false;
  }
}

type ShutterEvent = "none" | "homed" | "arrived" | "end switch";

class Shutter {
  readonly #motor: StepperMotor;
  readonly #endPin: number;
  readonly #travelSteps: number;
  #state: "resting" | "homing" | "moving" = "resting";
  #homed = false;

  constructor(motor: StepperMotor, endPin: number, travelSteps: number) {
    this.#motor = motor;
    this.#endPin = endPin;
    this.#travelSteps = travelSteps;
  }

  begin() {
    pinMode(this.#endPin, INPUT_PULLUP);
    this.#motor.begin();
  }

  homed(): boolean {
    return this.#homed;
  }

  percent(): number {
    return Math.trunc((this.#motor.position() * 100 + this.#travelSteps / 2) / this.#travelSteps);
  }

  home() {
    this.#homed = false;
    this.#state = "homing";
    this.#motor.moveBy(-2 * this.#travelSteps);
  }

  to(percent: number) {
    this.#state = "moving";
    this.#motor.moveTo(Math.trunc((this.#travelSteps * percent) / 100));
  }

  stop() {
    this.#state = "resting";
    this.#motor.stop();
  }

  run(): ShutterEvent {
    this.#motor.run();
    switch (this.#state) {
      case "homing":
        if (this.#atEnd()) {
          this.#motor.setPosition(0);
          this.#homed = true;
          this.#state = "resting";
          return "homed";
        }
        // Twice the way, and no switch.
        if (!this.#motor.moving()) {
          this.#state = "resting";
          return "end switch";
        }
        return "none";
      case "moving":
        if (this.#motor.moving()) return "none";
        this.#state = "resting";
        return "arrived";
      case "resting":
        return "none";
    }
  }

  #atEnd(): boolean {
    return digitalRead(this.#endPin) === LOW;
  }
}

const COIL_PINS = [16, 17, 18, 19];
const END_PIN = 33;
const STEP_MS = 2;
const TRAVEL_STEPS = 4096; // one turn of a 28BYJ-48

export default function stepperDriver() {
  const motor = new StepperMotor(COIL_PINS, STEP_MS);
  const shutter = new Shutter(motor, END_PIN, TRAVEL_STEPS);

  const usmp = new USMPClient(PSK);

  // A send() that fails is not repeated: each new session starts with announce(), and has no use for an old answer.
  function announce() {
    usmp.send(shutter.homed() ? `at ${shutter.percent()}` : "lost");
  }

  function onMessage(data: Uint8Array) {
    const command = String(data);
    command.trim();
    if (command.equals("home")) {
      shutter.home();
    } else if (command.equals("stop")) {
      shutter.stop();
      usmp.send(shutter.homed() ? `stopped at ${shutter.percent()}` : "stopped, lost");
    } else if (command.startsWith("to ")) {
      const percent = command.substring(3).toInt();
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

  async function setup() {
    Serial.begin(115200);
    shutter.begin();
    usmp.onConnect(announce);
    usmp.onMessage(onMessage);
    while (!(await usmp.begin(USMP.TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS)))) {
      Serial.printf("no session: %s\n", usmp.lastErrorString());
      await delay(5000);
    }
  }

  function loop() {
    usmp.maintain();
    switch (shutter.run()) {
      case "homed":
        usmp.send("homed");
        break;
      case "arrived":
        announce();
        break;
      case "end switch":
        usmp.send("ERR end switch");
        break;
      case "none":
        break;
    }
  }

  return { setup, loop };
}

if (isMain(import.meta)) await runSketch(stepperDriver);
