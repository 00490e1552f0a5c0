/** Voltages and duties. Each function throws a RangeError for a pin that the board does not have. */
import { requireNumber } from "../core/arguments.js";
import type { Board } from "./board/board.js";
import { currentBoard } from "./board/current-board.js";

const SUPPLY_MILLIVOLTS = 3_300;

/** The voltage at the pin: 0 to 4095 on an ESP32, what the board's converter has; or as many bits as `analogReadResolution` says. */
export function analogRead(pin: number): number {
  const board = currentBoard();
  board.polled();
  return Math.floor(board.pins.readAnalog(pin) * 2 ** (board.analog.readBits - board.pins.analogBits));
}

/** The voltage at the pin, of a supply of 3.3 V. */
export function analogReadMilliVolts(pin: number): number {
  const { pins } = currentBoard();
  return Math.round((pins.readAnalog(pin) * SUPPLY_MILLIVOLTS) / pins.highestReading);
}

/** From 1 to 16 bits; at the start 12, or what the board's converter has. */
export function analogReadResolution(bits: number): void {
  currentBoard().analog.readBits = checkBits(bits, 16);
}

/** A PWM with this duty: 0 to 255, or as many bits as `analogWriteResolution` says. What is out of range is cut. */
export function analogWrite(pin: number, duty: number): void {
  requireNumber("duty", duty);
  const board = currentBoard();
  board.pins.setMode(pin, "output");
  writeDuty(board, pin, duty, board.analog.writeBits);
}

/** From 1 to 16 bits; 8 at the start. */
export function analogWriteResolution(bits: number): void {
  currentBoard().analog.writeBits = checkBits(bits, 16);
}

/** Gives the pin a PWM channel, whose duty has this many bits. The frequency shows nowhere. True, as on the board. */
export function ledcAttach(pin: number, _frequencyHz: number, bits: number): boolean {
  const board = currentBoard();
  board.pins.setMode(pin, "output");
  board.analog.ledcBits.set(pin, checkBits(bits, 20));
  return true;
}

/** Sets the duty of a pin after `ledcAttach`; false, and nothing happens, on a pin without. */
export function ledcWrite(pin: number, duty: number): boolean {
  requireNumber("duty", duty);
  const board = currentBoard();
  const bits = board.analog.ledcBits.get(pin);
  if (bits === undefined) return false;
  writeDuty(board, pin, duty, bits);
  return true;
}

/** Takes the PWM channel away; the pin is an input again. False where it had none. */
export function ledcDetach(pin: number): boolean {
  const board = currentBoard();
  if (!board.analog.ledcBits.delete(pin)) return false;
  board.pins.setMode(pin, "input");
  return true;
}

function writeDuty(board: Board, pin: number, duty: number, bits: number): void {
  // What is no number is 0.
  board.pins.write(pin, Math.min(Math.max(Math.trunc(duty) || 0, 0), 2 ** bits - 1));
}

function checkBits(bits: number, most: number): number {
  if (Number.isInteger(bits) && bits >= 1 && bits <= most) return bits;
  throw new RangeError(`a resolution has 1 to ${most} bits, not ${String(bits)}`);
}
