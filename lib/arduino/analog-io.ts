/** Analog input and PWM. Each function throws a RangeError for a pin that the board does not have. */
import { requireNumber } from "../core/arguments.js";
import type { Board } from "./board/board.js";
import { currentBoard } from "./board/current-board.js";

const SUPPLY_MILLIVOLTS = 3_300;

/**
 * The voltage at the pin, in the bits of the board's converter (0 to 4095 on an ESP32), or of `analogReadResolution`.
 */
export function analogRead(pin: number): number {
  const board = currentBoard();
  board.polled();
  return Math.floor(board.pins.readAnalog(pin) * 2 ** (board.analog.readBits - board.pins.analogBits));
}

/** The voltage at the pin in millivolts, for a supply of 3.3 V. */
export function analogReadMilliVolts(pin: number): number {
  const { pins } = currentBoard();
  return Math.round((pins.readAnalog(pin) * SUPPLY_MILLIVOLTS) / pins.highestReading);
}

/** Sets the bits of a reading, 1 to 16. Default: those of the board's converter, 12 on an ESP32. */
export function analogReadResolution(bits: number): void {
  currentBoard().analog.readBits = checkBits(bits, 16);
}

/**
 * Starts a PWM with this duty cycle: 0 to 255, or in the bits of `analogWriteResolution`. Clamps values out of range.
 */
export function analogWrite(pin: number, duty: number): void {
  requireNumber("duty", duty);
  const board = currentBoard();
  board.pins.setMode(pin, "output");
  writeDuty(board, pin, duty, board.analog.writeBits);
}

/** Sets the bits of a duty cycle, 1 to 16. Default: 8. */
export function analogWriteResolution(bits: number): void {
  currentBoard().analog.writeBits = checkBits(bits, 16);
}

/**
 * Gives the pin a PWM channel with duty cycles of `bits` bits. The frequency is ignored. Returns true, as on the board.
 */
export function ledcAttach(pin: number, _frequencyHz: number, bits: number): boolean {
  const board = currentBoard();
  board.pins.setMode(pin, "output");
  board.analog.ledcBits.set(pin, checkBits(bits, 20));
  return true;
}

/** Sets the duty cycle of a pin after `ledcAttach`. Returns false without effect if the pin has no channel. */
export function ledcWrite(pin: number, duty: number): boolean {
  requireNumber("duty", duty);
  const board = currentBoard();
  const bits = board.analog.ledcBits.get(pin);
  if (bits === undefined) return false;
  writeDuty(board, pin, duty, bits);
  return true;
}

/** Removes the PWM channel, so that the pin is an input again. Returns false if it had none. */
export function ledcDetach(pin: number): boolean {
  const board = currentBoard();
  if (!board.analog.ledcBits.delete(pin)) return false;
  board.pins.setMode(pin, "input");
  return true;
}

function writeDuty(board: Board, pin: number, duty: number, bits: number): void {
  // NaN becomes 0.
  board.pins.write(pin, Math.min(Math.max(Math.trunc(duty) || 0, 0), 2 ** bits - 1));
}

function checkBits(bits: number, most: number): number {
  if (Number.isInteger(bits) && bits >= 1 && bits <= most) return bits;
  throw new RangeError(`a resolution has 1 to ${most} bits, not ${String(bits)}`);
}
