/*
 * PID heater: holds a temperature with a PID controller, ten times a second, and lets the gateway say which one.
 *
 * The heater goes off, and stays off until the next "set", where the sensor is broken or the plate is too hot.
 *
 * From the gateway: "set 60.5" (20 to 80 degrees), "off".
 * To the gateway:   "t=59.8 set=60.5 duty=112" every 5 seconds and on each new session;
 *                   "FAULT ..." at once, and after each of these until the next "set" or "off".
 *
 * Nothing blocks here while the gateway is away; on a board joining the WiFi and opening a TCP connection do.
 */
import {
  analogRead,
  analogWrite,
  charArray,
  constrain,
  isMain,
  millis,
  OUTPUT,
  pinMode,
  runSketch,
  Serial,
  snprintf,
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

const SENSOR_PIN = 34;
const HEATER_PIN = 25;
const CONTROL_EVERY_MS = 100;
const REPORT_EVERY_MS = 5_000;
const RETRY_MS = 5_000;
const MIN_SET = 20;
const MAX_SET = 80;
const TOO_HOT = 95;
const READING_SHORTED = 8;
const READING_OPEN = 4087;
const MAX_DUTY = 255;

const KP = 18; // duty for each degree of error
const KI = 0.35; // duty for each degree and second
const KD = 25; // duty for each degree in a second

export default function pidHeater() {
  const usmp = new USMPClient(PSK);

  let heating = false;
  let setpoint = 0;
  let temperature = 0;
  let lastTemperature = 0;
  let trouble: string | null = null;
  let integral = 0;
  let duty = 0;
  let lastControlMs = 0;
  let lastReportMs = 0;
  let begun = false;
  let lastBeginMs = 0;

  // A send() that fails is not repeated: the next report says it all again.
  function report() {
    lastReportMs = millis();
    const text = charArray(48);
    snprintf(text, text.length, "t=%.1f set=%.1f duty=%d", temperature, heating ? setpoint : 0, duty);
    usmp.send(text);
    if (trouble !== null) usmp.send(`FAULT ${trouble}`);
  }

  function drive(newDuty: number) {
    duty = newDuty;
    analogWrite(HEATER_PIN, duty);
  }

  function off() {
    heating = false;
    integral = 0;
    drive(0);
  }

  function fault(what: string) {
    off();
    trouble = what;
    report();
  }

  function celsiusOf(reading: number): number {
    return (reading * 3300) / 4095 / 10;
  }

  function control(seconds: number) {
    const reading = analogRead(SENSOR_PIN);
    temperature = celsiusOf(reading);
    // The change of the temperature, not of the error: a new setpoint then gives no kick.
    const slope = (temperature - lastTemperature) / seconds;
    lastTemperature = temperature;
    if (!heating) return;

    if (reading <= READING_SHORTED) return fault("sensor shorted");
    if (reading >= READING_OPEN) return fault("sensor open");
    if (temperature >= TOO_HOT) return fault("too hot");

    const error = setpoint - temperature;
    const wanted = KP * error + integral - KD * slope;
    // The integral rests while the output is at its limit: it would wind up, and overshoot for minutes.
    if ((wanted > 0 || error > 0) && (wanted < MAX_DUTY || error < 0)) {
      integral += KI * error * seconds;
    }
    drive(Math.trunc(constrain(wanted, 0, MAX_DUTY)));
  }

  function onMessage(data: Uint8Array) {
    const command = String(data);
    command.trim();
    if (command.equals("off")) {
      off();
    } else if (command.startsWith("set ")) {
      const wanted = command.substring(4).toFloat();
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
    trouble = null;
    report();
  }

  function keepSession() {
    if (begun) {
      usmp.maintain();
    } else if (lastBeginMs === 0 || uint32_t(millis() - lastBeginMs) >= RETRY_MS) {
      lastBeginMs = millis();
      begun = usmp.beginAsync(USMP.TCP(SERVER_IP, SERVER_PORT).wifi(WIFI_SSID, WIFI_PASS));
    }
  }

  function setup() {
    Serial.begin(115200);
    pinMode(HEATER_PIN, OUTPUT);
    drive(0);
    temperature = lastTemperature = celsiusOf(analogRead(SENSOR_PIN));
    usmp.onConnect(report);
    usmp.onMessage(onMessage);
    lastControlMs = millis();
  }

  function loop() {
    keepSession();

    const elapsedMs = uint32_t(millis() - lastControlMs);
    if (elapsedMs >= CONTROL_EVERY_MS) {
      lastControlMs = uint32_t(lastControlMs + elapsedMs);
      control(elapsedMs / 1000); // what has passed, which is more where connecting took its time
    }
    if (uint32_t(millis() - lastReportMs) >= REPORT_EVERY_MS) report();
  }

  return { setup, loop };
}

if (isMain(import.meta)) await runSketch(pidHeater);
