/** As `bad-arguments.spec.ts`, for flash, the radio, and C's functions on text and memory. */
import * as arduino from "../../lib/arduino/index.js";
import { NULL, NUMBER, OBJECT, refuses, TEXT, UNDEFINED } from "../support/wrong-arguments.js";

const { EEPROM, Preferences, WiFi, charArray } = arduino;
const NOT_A_NUMBER = [UNDEFINED, NULL, TEXT, OBJECT];
const NOT_TEXT = [UNDEFINED, NULL, NUMBER, OBJECT];
const NOT_BYTES = [UNDEFINED, NULL, NUMBER, TEXT, OBJECT];
const INTEGERS = ["Char", "UChar", "Short", "UShort", "Int", "UInt", "Long", "ULong", "Long64", "ULong64"] as const;
const NUMBERS = [...INTEGERS, "Float", "Double"] as const;

describe("What a sketch in JavaScript gives in error", () => {
  describe("to Preferences", () => {
    const preferences = new Preferences();
    refuses([
      { call: "begin(_)", names: "name", wrong: NOT_TEXT, run: (name) => preferences.begin(name) },
      { call: "remove(_)", names: "key", wrong: NOT_TEXT, run: (key) => preferences.remove(key) },
      { call: "isKey(_)", names: "key", wrong: NOT_TEXT, run: (key) => preferences.isKey(key) },
      ...NUMBERS.flatMap((type) => [
        {
          call: `put${type}(_, 1)`,
          names: "key",
          wrong: NOT_TEXT,
          run: (key: never) => preferences[`put${type}`](key, 1),
        },
        {
          call: `put${type}("k", _)`,
          names: "value",
          wrong: NOT_A_NUMBER,
          run: (value: never) => preferences[`put${type}`]("k", value),
        },
        {
          call: `get${type}(_)`,
          names: "key",
          wrong: NOT_TEXT,
          run: (key: never) => preferences[`get${type}`](key),
        },
        {
          call: `get${type}("k", _)`,
          names: "defaultValue",
          wrong: [NULL, TEXT, OBJECT],
          run: (defaultValue: never) => preferences[`get${type}`]("k", defaultValue),
        },
      ]),
      { call: "putBool(_, true)", names: "key", wrong: NOT_TEXT, run: (key) => preferences.putBool(key, true) },
      { call: "getBool(_)", names: "key", wrong: NOT_TEXT, run: (key) => preferences.getBool(key) },
      { call: 'putString("k", _)', names: "value", wrong: NOT_TEXT, run: (text) => preferences.putString("k", text) },
      { call: "putString(_, text)", names: "key", wrong: NOT_TEXT, run: (key) => preferences.putString(key, "") },
      { call: "getString(_)", names: "key", wrong: NOT_TEXT, run: (key) => preferences.getString(key) },
      {
        call: 'getString("k", _)',
        names: "defaultValue",
        wrong: [NULL, NUMBER, OBJECT],
        run: (text) => preferences.getString("k", text),
      },
      { call: 'putBytes("k", _)', names: "bytes", wrong: NOT_BYTES, run: (bytes) => preferences.putBytes("k", bytes) },
      {
        call: 'getBytes("k", _)',
        names: "buffer",
        wrong: NOT_BYTES,
        run: (buffer) => preferences.getBytes("k", buffer),
      },
      { call: "getBytesLength(_)", names: "key", wrong: NOT_TEXT, run: (key) => preferences.getBytesLength(key) },
    ]);
  });

  describe("to EEPROM", () => {
    const bytes = new Uint8Array(4);
    refuses([
      { call: "begin(_)", names: "size", wrong: NOT_A_NUMBER, run: (size) => EEPROM.begin(size) },
      { call: "read(_)", names: "address", wrong: NOT_A_NUMBER, run: (address) => EEPROM.read(address) },
      { call: "write(_, 1)", names: "address", wrong: NOT_A_NUMBER, run: (address) => EEPROM.write(address, 1) },
      { call: "write(0, _)", names: "value", wrong: NOT_A_NUMBER, run: (value) => EEPROM.write(0, value) },
      { call: "update(0, _)", names: "value", wrong: NOT_A_NUMBER, run: (value) => EEPROM.update(0, value) },
      { call: "get(_, type)", names: "address", wrong: NOT_A_NUMBER, run: (address) => EEPROM.get(address, "uint8_t") },
      { call: "get(0, _)", names: "EEPROM", wrong: NOT_BYTES, run: (type) => EEPROM.get(0, type) },
      { call: "put(_, type, 1)", names: "address", wrong: NOT_A_NUMBER, run: (at) => EEPROM.put(at, "uint8_t", 1) },
      { call: "readBytes(_, b)", names: "address", wrong: NOT_A_NUMBER, run: (at) => EEPROM.readBytes(at, bytes) },
      { call: "readBytes(0, _)", names: "buffer", wrong: NOT_BYTES, run: (buffer) => EEPROM.readBytes(0, buffer) },
      { call: "writeBytes(_, b)", names: "address", wrong: NOT_A_NUMBER, run: (at) => EEPROM.writeBytes(at, bytes) },
      { call: "writeBytes(0, _)", names: "bytes", wrong: NOT_BYTES, run: (given) => EEPROM.writeBytes(0, given) },
      { call: "readString(_)", names: "address", wrong: NOT_A_NUMBER, run: (at) => EEPROM.readString(at) },
      { call: "writeString(0, _)", names: "text", wrong: NOT_TEXT, run: (text) => EEPROM.writeString(0, text) },
    ]);
  });

  describe("to WiFi", () => {
    refuses([
      { call: "begin(_)", names: "ssid", wrong: [NULL, NUMBER, OBJECT], run: (ssid) => WiFi.begin(ssid) },
      {
        call: "begin(ssid, _)",
        names: "password",
        wrong: [NULL, NUMBER, OBJECT],
        run: (given) => WiFi.begin("", given),
      },
      { call: "setHostname(_)", names: "hostname", wrong: NOT_TEXT, run: (name) => WiFi.setHostname(name) },
      { call: "mode(_)", names: "mode", wrong: NOT_A_NUMBER, run: (mode) => WiFi.mode(mode) },
    ]);
  });

  describe("to C's functions", () => {
    const buffer = charArray(8);
    const texts = ["strlen", "atoi", "atol", "atof"] as const;
    refuses([
      ...texts.map((name) => ({
        call: `${name}(_)`,
        names: name,
        wrong: NOT_TEXT,
        run: (text: never) => arduino[name](text),
      })),
      ...(["strcmp", "strcasecmp"] as const).flatMap((name) => [
        { call: `${name}(_, "a")`, names: name, wrong: NOT_TEXT, run: (text: never) => arduino[name](text, "a") },
        { call: `${name}("a", _)`, names: name, wrong: NOT_TEXT, run: (text: never) => arduino[name]("a", text) },
      ]),
      { call: 'strncmp("a", "b", _)', names: "count", wrong: NOT_A_NUMBER, run: (n) => arduino.strncmp("a", "b", n) },
      ...(["strcpy", "strcat"] as const).flatMap((name) => [
        { call: `${name}(_, "a")`, names: "buffer", wrong: NOT_BYTES, run: (to: never) => arduino[name](to, "a") },
        { call: `${name}(buffer, _)`, names: name, wrong: NOT_TEXT, run: (text: never) => arduino[name](buffer, text) },
      ]),
      { call: 'strncpy(_, "a", 1)', names: "buffer", wrong: NOT_BYTES, run: (to) => arduino.strncpy(to, "a", 1) },
      { call: 'strncpy(b, "a", _)', names: "count", wrong: NOT_A_NUMBER, run: (n) => arduino.strncpy(buffer, "a", n) },
      {
        call: 'strtol("1", null, _)',
        names: "base",
        wrong: NOT_A_NUMBER,
        run: (base) => arduino.strtol("1", null, base),
      },
      { call: 'snprintf(_, 1, "")', names: "buffer", wrong: NOT_BYTES, run: (to) => arduino.snprintf(to, 1, "") },
      { call: 'snprintf(b, _, "")', names: "size", wrong: NOT_A_NUMBER, run: (n) => arduino.snprintf(buffer, n, "") },
      { call: "snprintf(b, 8, _)", names: "format", wrong: NOT_TEXT, run: (text) => arduino.snprintf(buffer, 8, text) },
      { call: 'sprintf(_, "")', names: "buffer", wrong: NOT_BYTES, run: (to) => arduino.sprintf(to, "") },
      { call: "sprintf(b, _)", names: "format", wrong: NOT_TEXT, run: (text) => arduino.sprintf(buffer, text) },
      {
        call: "dtostrf(_, 1, 1, b)",
        names: "value",
        wrong: NOT_A_NUMBER,
        run: (n) => arduino.dtostrf(n, 1, 1, buffer),
      },
      { call: "dtostrf(1, 1, 1, _)", names: "buffer", wrong: NOT_BYTES, run: (to) => arduino.dtostrf(1, 1, 1, to) },
      ...(["memcpy", "memmove", "memcmp"] as const).flatMap((name) => [
        { call: `${name}(_, b, 1)`, names: "buffer", wrong: NOT_BYTES, run: (a: never) => arduino[name](a, buffer, 1) },
        { call: `${name}(b, _, 1)`, names: "buffer", wrong: NOT_BYTES, run: (b: never) => arduino[name](buffer, b, 1) },
        {
          call: `${name}(b, b, _)`,
          names: "count",
          wrong: NOT_A_NUMBER,
          run: (n: never) => arduino[name](buffer, buffer, n),
        },
      ]),
      { call: "memset(_, 0, 1)", names: "buffer", wrong: NOT_BYTES, run: (to) => arduino.memset(to, 0, 1) },
      { call: "memset(b, _, 1)", names: "byte", wrong: NOT_A_NUMBER, run: (byte) => arduino.memset(buffer, byte, 1) },
      { call: "memset(b, 0, _)", names: "count", wrong: NOT_A_NUMBER, run: (n) => arduino.memset(buffer, 0, n) },
    ]);
  });
});
