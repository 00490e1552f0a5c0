/** A sketch in JavaScript has no types: what it gives in error is named. */
import { expect } from "chai";

import * as arduino from "../../lib/arduino/index.js";
import {
  ANYTHING,
  GIVEN,
  NO_OPTIONS,
  NULL,
  NUMBER,
  OBJECT,
  refuses,
  TEXT,
  UNDEFINED,
} from "../support/wrong-arguments.js";

const { OUTPUT, RISING, USMP, USMPClient, USMPClientStatic, struct } = arduino;
const PSK = "usmp-dev-psk-change-me-before-prod";
const NOT_A_NUMBER = [UNDEFINED, NULL, TEXT, OBJECT];
const NOT_TEXT = [UNDEFINED, NULL, NUMBER, OBJECT];

describe("What a sketch in JavaScript gives in error", () => {
  describe("to a client", () => {
    const usmp = new USMPClient(PSK);
    const callbacks = ["onConnect", "onDisconnect", "onReconnect", "onMessage"] as const;
    refuses([
      { call: "new USMPClient(_)", names: "PSK", wrong: NOT_TEXT, run: (psk) => new USMPClient(psk) },
      {
        call: "new USMPClient(bytes, _)",
        names: "pskLen",
        wrong: GIVEN.filter((each) => each !== NUMBER),
        run: (length) => new USMPClient(new Uint8Array(32), length),
      },
      { call: "new USMPClient(psk, _)", names: "rxBuffer", wrong: GIVEN, run: (buffer) => new USMPClient(PSK, buffer) },
      { call: "new USMPClientStatic(_)", names: "PSK", wrong: NOT_TEXT, run: (psk) => new USMPClientStatic(psk) },
      {
        call: "new USMPClientStatic(psk, _)",
        names: "options",
        wrong: NO_OPTIONS,
        run: (options) => new USMPClientStatic(PSK, options),
      },
      {
        call: "new USMPClientStatic(psk, { rxBufferSize: _ })",
        names: "rxBufferSize",
        wrong: [NULL, TEXT, OBJECT],
        run: (rxBufferSize) => new USMPClientStatic(PSK, { rxBufferSize }),
      },
      { call: "USMP.TCP(_)", names: "host", wrong: NOT_TEXT, run: (host) => USMP.TCP(host) },
      { call: "USMP.UDP(_)", names: "host", wrong: NOT_TEXT, run: (host) => USMP.UDP(host) },
      {
        call: "USMP.TCP(host, _)",
        names: "port",
        wrong: [NULL, TEXT, OBJECT],
        run: (port) => USMP.TCP("gateway", port),
      },
      {
        call: "USMP.TCP(host).wifi(_)",
        names: "ssid",
        wrong: NOT_TEXT,
        run: (ssid) => USMP.TCP("gateway").wifi(ssid, ""),
      },
      { call: "usmp.begin(_)", names: "begin", wrong: ANYTHING, run: (transport) => usmp.begin(transport) },
      { call: "usmp.beginAsync(_)", names: "begin", wrong: ANYTHING, run: (transport) => usmp.beginAsync(transport) },
      { call: "usmp.send(_)", names: "send", wrong: [UNDEFINED, NULL, NUMBER, OBJECT], run: (data) => usmp.send(data) },
      { call: "usmp.write(_)", names: "write", wrong: [UNDEFINED, NULL, OBJECT], run: (data) => usmp.write(data) },
      { call: "usmp.print(_)", names: "print", wrong: [UNDEFINED, NULL], run: (value) => usmp.print(value) },
      {
        call: "usmp.printf(_)",
        names: "printf",
        wrong: [UNDEFINED, NULL, NUMBER, OBJECT],
        run: (format) => usmp.printf(format),
      },
      { call: "usmp.read(_)", names: "buf", wrong: GIVEN, run: (buffer) => usmp.read(buffer) },
      { call: "usmp.keepalive(_)", names: "keepaliveMs", wrong: NOT_A_NUMBER, run: (ms) => usmp.keepalive(ms) },
      { call: "usmp.setLogLevel(_)", names: "level", wrong: NOT_A_NUMBER, run: (level) => usmp.setLogLevel(level) },
      ...callbacks.map((name) => ({
        call: `usmp.${name}(_)`,
        names: name,
        wrong: [UNDEFINED, NUMBER, TEXT, OBJECT],
        run: (callback: never) => usmp[name](callback),
      })),
    ]);

    it("leaves the client idle", () => {
      expect(usmp.state()).to.equal(arduino.USMP_STATE_IDLE);
    });
  });

  describe("to the functions of a board", () => {
    refuses([
      { call: "pinMode(_, OUTPUT)", names: "pin", wrong: NOT_A_NUMBER, run: (pin) => arduino.pinMode(pin, OUTPUT) },
      { call: "pinMode(2, _)", names: "mode", wrong: [...NOT_A_NUMBER], run: (mode) => arduino.pinMode(2, mode) },
      { call: "digitalRead(_)", names: "pin", wrong: NOT_A_NUMBER, run: (pin) => arduino.digitalRead(pin) },
      { call: "digitalWrite(_, HIGH)", names: "pin", wrong: NOT_A_NUMBER, run: (pin) => arduino.digitalWrite(pin, 1) },
      {
        call: "digitalWrite(2, _)",
        names: "level",
        wrong: NOT_A_NUMBER,
        run: (level) => arduino.digitalWrite(2, level),
      },
      {
        call: "shiftOut(2, 4, MSBFIRST, _)",
        names: "value",
        wrong: NOT_A_NUMBER,
        run: (value) => arduino.shiftOut(2, 4, 1, value),
      },
      { call: "analogRead(_)", names: "pin", wrong: NOT_A_NUMBER, run: (pin) => arduino.analogRead(pin) },
      {
        call: "analogReadMilliVolts(_)",
        names: "pin",
        wrong: NOT_A_NUMBER,
        run: (pin) => arduino.analogReadMilliVolts(pin),
      },
      {
        call: "analogReadResolution(_)",
        names: "bits",
        wrong: NOT_A_NUMBER,
        run: (bits) => arduino.analogReadResolution(bits),
      },
      {
        call: "analogWriteResolution(_)",
        names: "bits",
        wrong: NOT_A_NUMBER,
        run: (bits) => arduino.analogWriteResolution(bits),
      },
      { call: "analogWrite(_, 1)", names: "pin", wrong: NOT_A_NUMBER, run: (pin) => arduino.analogWrite(pin, 1) },
      { call: "analogWrite(2, _)", names: "duty", wrong: NOT_A_NUMBER, run: (duty) => arduino.analogWrite(2, duty) },
      {
        call: "ledcAttach(2, 1000, _)",
        names: "bits",
        wrong: NOT_A_NUMBER,
        run: (bits) => arduino.ledcAttach(2, 1_000, bits),
      },
      {
        call: "attachInterrupt(_, handler, RISING)",
        names: "pin",
        wrong: NOT_A_NUMBER,
        run: (pin) => arduino.attachInterrupt(pin, () => {}, RISING),
      },
      {
        call: "attachInterrupt(2, _, RISING)",
        names: "handler",
        wrong: ANYTHING,
        run: (handler) => arduino.attachInterrupt(2, handler, RISING),
      },
      {
        call: "attachInterrupt(2, handler, _)",
        names: "mode",
        wrong: NOT_A_NUMBER,
        run: (mode) => arduino.attachInterrupt(2, () => {}, mode),
      },
      { call: "delay(_)", names: "delay", wrong: NOT_A_NUMBER, run: (ms) => arduino.delay(ms) },
      {
        call: "delayMicroseconds(_)",
        names: "delayMicroseconds",
        wrong: NOT_A_NUMBER,
        run: (us) => arduino.delayMicroseconds(us),
      },
      { call: "tone(_, 440)", names: "pin", wrong: NOT_A_NUMBER, run: (pin) => arduino.tone(pin, 440) },
      { call: "tone(2, _)", names: "frequencyHz", wrong: NOT_A_NUMBER, run: (hz) => arduino.tone(2, hz) },
      { call: "noTone(_)", names: "pin", wrong: NOT_A_NUMBER, run: (pin) => arduino.noTone(pin) },
      { call: "pulseIn(_, HIGH)", names: "pin", wrong: NOT_A_NUMBER, run: (pin) => arduino.pulseIn(pin, 1) },
      { call: "pulseIn(2, _)", names: "level", wrong: NOT_A_NUMBER, run: (level) => arduino.pulseIn(2, level) },
      { call: "random(_)", names: "random", wrong: NOT_A_NUMBER, run: (howBig) => arduino.random(howBig) },
      { call: "randomSeed(_)", names: "seed", wrong: NOT_A_NUMBER, run: (seed) => arduino.randomSeed(seed) },
      {
        call: "map(_, 0, 1, 0, 1)",
        names: /a number/,
        wrong: [UNDEFINED, NULL, OBJECT],
        run: (value) => arduino.map(value, 0, 1, 0, 1),
      },
      ...(["int8_t", "uint8_t", "int16_t", "uint16_t", "int32_t", "uint32_t", "int64_t", "uint64_t"] as const).map(
        (name) => ({
          call: `${name}(_)`,
          names: /a number/,
          wrong: [UNDEFINED, NULL, OBJECT],
          run: (value: never) => arduino[name](value),
        }),
      ),
      { call: "rtcData(_, {})", names: "name", wrong: NOT_TEXT, run: (name) => arduino.rtcData(name, {}) },
      {
        call: 'rtcData("kept", _)',
        names: "initial",
        wrong: [UNDEFINED, NULL, NUMBER, TEXT],
        run: (initial) => arduino.rtcData("wrong", initial),
      },
    ]);
  });

  describe("to text and structs", () => {
    const Sample = struct({
      node: "uint16_t",
      name: "char[8]",
      raw: "uint8_t[2]",
      levels: "uint16_t[2]",
      uptime: "int64_t",
    });
    const right = { node: 7, name: "roof", raw: Uint8Array.of(1, 2), levels: [1, 2], uptime: 5n };
    refuses([
      { call: "struct(_)", names: "fields", wrong: [UNDEFINED, NULL, NUMBER, TEXT], run: (fields) => struct(fields) },
      { call: "struct({}, _)", names: "options", wrong: NO_OPTIONS, run: (options) => struct({}, options) },
      { call: "struct({ node: _ })", names: "node", wrong: ANYTHING, run: (node) => struct({ node }) },
      {
        call: "pack(_)",
        names: "values",
        wrong: [UNDEFINED, NULL, NUMBER, TEXT],
        run: (values) => Sample.pack(values),
      },
      ...(["node", "name", "raw", "levels", "uptime"] as const).map((name) => ({
        call: `pack({ ${name}: _ })`,
        names: name,
        wrong: [UNDEFINED, NULL, OBJECT],
        run: (value: never) => Sample.pack({ ...right, [name]: value }),
      })),
      { call: "unpack(_)", names: "bytes", wrong: ANYTHING, run: (bytes) => Sample.unpack(bytes) },
      {
        call: "charArray(_)",
        names: "charArray",
        wrong: [UNDEFINED, NULL, OBJECT],
        run: (size) => arduino.charArray(size),
      },
      { call: "String(_)", names: "String", wrong: [UNDEFINED, NULL], run: (value) => arduino.String(value) },
    ]);
  });

  describe("to runSketch", () => {
    const nothing = {};
    refuses([
      {
        call: "runSketch(_)",
        names: "sketch",
        wrong: [UNDEFINED, NULL, NUMBER, TEXT],
        run: (sketch) => arduino.runSketch(sketch),
      },
      {
        call: "runSketch(sketch, _)",
        names: "options",
        wrong: NO_OPTIONS,
        run: (options) => arduino.runSketch(nothing, options),
      },
      {
        call: "runSketch(sketch, { signal: _ })",
        names: "signal",
        wrong: GIVEN,
        run: (signal) => arduino.runSketch(nothing, { signal }),
      },
      ...(["storageFolder", "watchdogMs", "serial", "serial1", "pins"] as const).map((name) => ({
        call: `runSketch(sketch, { ${name}: _ })`,
        names: name,
        wrong: GIVEN.filter(
          (each) =>
            each !==
            (name === "storageFolder" ? TEXT : name === "watchdogMs" ? NUMBER : name === "pins" ? null : OBJECT),
        ),
        run: (value: never) => arduino.runSketch(nothing, { [name]: value }),
      })),
    ]);

    it("leaves no exit code behind", () => expect(process.exitCode).to.equal(undefined));
  });
});
