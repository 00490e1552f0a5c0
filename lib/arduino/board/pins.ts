import { refuseArgument } from "../../core/arguments.js";
import { hasMember } from "../../core/own-members.js";
import type { PinLayout } from "./pin-layout.js";
import { ESP32_PINS } from "./pin-layouts.js";

export type PinMode = "input" | "input-pullup" | "input-pulldown" | "output" | "output-open-drain";
/** LOW or HIGH. */
export type Level = 0 | 1;

/** Called for each change at a pin, at once. */
interface PinWatcher {
  /** The board drives the pin with another value: a level, a duty cycle, or a frequency. */
  onOutput?(pin: number, value: number): void;
  /** The level at a pin changed. A floating pin has no level. */
  onLevel?(pin: number, level: Level): void;
}

interface Pin {
  mode: PinMode;
  /** The value that the sketch wrote last. It drives the pin if the pin is an output. */
  latch: number | null;
  /** The output that was reported last. */
  toldOutput: number | null;
  /** The level that was reported last; null if the pin has floated since. */
  toldLevel: Level | null;
  /** The level that is wired to it from outside; null if none. */
  input: Level | null;
  /** The voltage that is wired to it from outside, as a reading; null if none. */
  reading: (() => number) | null;
}

/** A pin after a reset. */
const AT_RESET = { mode: "input", latch: null, toldOutput: null } as const;

export interface PinsOptions {
  readonly layout?: PinLayout;
  /** The noise of a floating pin: a number from 0 up to, but not including, 1. */
  readonly floating: () => number;
}

/** A board's pins: the sketch's side and the outside. Each method throws RangeError for a pin that does not exist. */
export class Pins {
  readonly #pins = new Map<number, Pin>();
  readonly #layout: PinLayout;
  readonly #floating: () => number;
  readonly #watchers = new Set<PinWatcher>();
  /** The converter's reading of the supply voltage. */
  readonly highestReading: number;

  constructor({ layout = ESP32_PINS, floating }: PinsOptions) {
    requireLayout(layout);
    this.#layout = layout;
    this.#floating = floating;
    this.highestReading = 2 ** layout.analogBits - 1;
    for (const pin of layout.pins) this.#pins.set(pin, { ...AT_RESET, toldLevel: null, input: null, reading: null });
  }

  /** Calls `watcher` for every change from now on, until the returned function is called. */
  watch(watcher: PinWatcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Makes every pin an input, as a reset does. The wiring stays. */
  reset(): void {
    for (const pin of this.#pins.values()) {
      Object.assign(pin, AT_RESET);
      pin.toldLevel = levelOf(pin);
    }
  }

  setMode(number: number, mode: PinMode): void {
    const pin = this.#pin(number);
    if (mode.startsWith("output") && this.#layout.inputOnly.includes(number)) {
      throw new RangeError(`pin ${number} can only be an input: take another one for an output`);
    }
    this.#change(number, pin, () => (pin.mode = mode));
  }

  /** Sets the value that drives the pin if it is an output: a level, a duty cycle, a frequency. */
  write(number: number, value: number): void {
    const pin = this.#pin(number);
    this.#change(number, pin, () => (pin.latch = value));
  }

  /** The level at the pin: its driver's, else its pull's, else noise. */
  read(number: number): Level {
    return this.level(number) ?? (this.#floating() < 0.5 ? 0 : 1);
  }

  /** The level at the pin; null if it floats. */
  level(number: number): Level | null {
    return levelOf(this.#pin(number));
  }

  /** Bits of a reading. */
  get analogBits(): number {
    return this.#layout.analogBits;
  }

  /** The voltage at the pin, as a reading of {@link analogBits}. */
  readAnalog(number: number): number {
    const pin = this.#pin(number);
    if (!this.#layout.analog.includes(number)) {
      throw new RangeError(`pin ${number} cannot measure: take one of ${this.#layout.analog.join(", ")}`);
    }
    if (pin.reading !== null) return Math.min(Math.max(Math.round(pin.reading()), 0), this.highestReading);
    const level = levelOf(pin);
    return level === null ? Math.floor(this.#floating() * (this.highestReading + 1)) : level * this.highestReading;
  }

  /** Wires a pin to a level from outside, or, with null, to nothing. */
  setInput(number: number, level: Level | null): void {
    const pin = this.#pin(number);
    this.#change(number, pin, () => (pin.input = level));
  }

  /** Wires a pin to a voltage from outside, read anew each time, or, with null, to nothing. */
  setReading(number: number, reading: (() => number) | null): void {
    this.#pin(number).reading = reading;
  }

  /** The value that the board drives the pin with; null if the pin is not an output. */
  output(number: number): number | null {
    return outputOf(this.#pin(number));
  }

  /** Makes one change, and calls the watchers for its effects. */
  #change(number: number, pin: Pin, change: () => void): void {
    change();
    const output = pin.latch === null ? null : outputOf(pin);
    if (output !== pin.toldOutput) {
      pin.toldOutput = output;
      if (output !== null) for (const watcher of this.#watchers) watcher.onOutput?.(number, output);
    }
    const level = levelOf(pin);
    if (level === pin.toldLevel) return;
    pin.toldLevel = level;
    if (level === null) return;
    for (const watcher of this.#watchers) watcher.onLevel?.(number, level);
  }

  #pin(number: number): Pin {
    const pin = this.#pins.get(number);
    if (pin !== undefined) return pin;
    const { board, pins, flash } = this.#layout;
    const wrong = flash.includes(number) ? `belongs to the flash chip of an ${board}` : `does not exist on an ${board}`;
    throw new RangeError(
      `pin ${String(number)} ${wrong}: take one of ${pins.join(", ")}; ` +
        "if the sketch is for another board, name its layout, as in { pins: ESP32_C3_PINS }",
    );
  }
}

function requireLayout(layout: unknown): void {
  if (hasMember(layout, "pins") && hasMember(layout, "analog")) return;
  refuseArgument("pins", layout, "a layout such as ESP32_C3_PINS");
}

function outputOf({ mode, latch }: Pin): number | null {
  if (mode === "output") return latch ?? 0;
  // An open drain pulls to ground, or floats.
  return mode === "output-open-drain" && latch === 0 ? 0 : null;
}

/** The level at a pin: that of the board's output, the wiring, or the pull; null if it floats. */
function levelOf(pin: Pin): Level | null {
  const output = outputOf(pin);
  if (output !== null) return output > 0 ? 1 : 0;
  if (pin.input !== null) return pin.input;
  if (pin.mode === "input-pullup") return 1;
  return pin.mode === "input-pulldown" ? 0 : null;
}
