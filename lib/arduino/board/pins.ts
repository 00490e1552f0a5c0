import { ESP32_PINS, type PinLayout } from "./pin-layout.js";

export type PinMode = "input" | "input-pullup" | "input-pulldown" | "output" | "output-open-drain";
/** LOW or HIGH. */
export type Level = 0 | 1;

/** What a pin did, told as it happens. */
export interface PinWatcher {
  /** What the board drives changed: a level, or a duty after `analogWrite`. */
  onOutput?(pin: number, value: number): void;
  /** What can be read at a pin changed. */
  onLevel?(pin: number, level: Level): void;
}

interface Pin {
  mode: PinMode;
  /** What the sketch wrote last, a level or a duty; drives the pin where its mode is an output. */
  latch: number | null;
  /** Whether the latch is a duty. */
  pwm: boolean;
  /** The output that was told last. */
  told: number | null;
  /** What is wired to it from outside; null: nothing. */
  input: Level | null;
  analog: (() => number) | null;
}

/** After a reset. */
const AT_RESET = { mode: "input", latch: null, pwm: false, told: null } as const;

export interface PinsOptions {
  readonly layout?: PinLayout;
  /** What a pin reads to which nothing is wired and which has no pull: a number from 0 up to, but not including, 1. */
  readonly floating: () => number;
}

/** A board's pins: what the sketch drives, and what the world outside does to them. */
export class Pins {
  readonly #pins = new Map<number, Pin>();
  readonly #inputOnly: ReadonlySet<number>;
  readonly #floating: () => number;
  readonly #watchers = new Set<PinWatcher>();

  constructor({ layout = ESP32_PINS, floating }: PinsOptions) {
    for (const pin of layout.pins) this.#pins.set(pin, { ...AT_RESET, input: null, analog: null });
    this.#inputOnly = new Set(layout.inputOnly);
    this.#floating = floating;
  }

  /** Tells `watcher` of every change from now on; returns what ends that. */
  watch(watcher: PinWatcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** As after a reset: every pin is an input. What is wired to them stays. */
  reset(): void {
    for (const pin of this.#pins.values()) Object.assign(pin, AT_RESET);
  }

  setMode(number: number, mode: PinMode): void {
    const pin = this.#pin(number);
    if (mode.startsWith("output") && this.#inputOnly.has(number)) {
      throw new RangeError(`pin ${number} is an input only: take another one for OUTPUT`);
    }
    this.#change(number, pin, () => (pin.mode = mode));
  }

  /** Sets the level that the pin has as an output. */
  write(number: number, level: Level): void {
    this.#latch(number, level, false);
  }

  /** Sets the duty that the pin has, and makes it an output. */
  writePwm(number: number, duty: number): void {
    const pin = this.#pin(number);
    if (pin.mode !== "output") this.setMode(number, "output");
    this.#latch(number, duty, true);
  }

  /** The level that can be read at the pin: what drives it, else its pull, else noise. */
  read(number: number): Level {
    const pin = this.#pin(number);
    return settledLevel(pin) ?? (this.#floating() < 0.5 ? 0 : 1);
  }

  /** The voltage at the pin, from 0 (ground) to 1 (supply). */
  readAnalog(number: number): number {
    const pin = this.#pin(number);
    return pin.analog?.() ?? settledLevel(pin) ?? this.#floating();
  }

  /** Wires a pin to a level from outside, or, with null, to nothing. */
  setInput(number: number, level: Level | null): void {
    const pin = this.#pin(number);
    this.#change(number, pin, () => (pin.input = level));
  }

  /** Wires a pin to a voltage from outside: a function that gives 0 (ground) to 1 (supply), or, with null, to nothing. */
  setAnalog(number: number, voltage: (() => number) | null): void {
    this.#pin(number).analog = voltage;
  }

  /** What the board drives the pin with; null where it is no output. */
  output(number: number): number | null {
    return driven(this.#pin(number));
  }

  mode(number: number): PinMode {
    return this.#pin(number).mode;
  }

  #latch(number: number, value: number, pwm: boolean): void {
    const pin = this.#pin(number);
    this.#change(number, pin, () => {
      pin.latch = value;
      pin.pwm = pwm;
    });
  }

  /** Makes one change, and tells what came of it. */
  #change(number: number, pin: Pin, change: () => void): void {
    const before = settledLevel(pin);
    change();
    const output = pin.latch === null ? null : driven(pin);
    if (output !== pin.told) {
      pin.told = output;
      if (output !== null) for (const watcher of this.#watchers) watcher.onOutput?.(number, output);
    }
    const level = settledLevel(pin);
    if (level === before || level === null) return;
    for (const watcher of this.#watchers) watcher.onLevel?.(number, level);
  }

  #pin(number: number): Pin {
    const pin = this.#pins.get(number);
    if (pin === undefined) throw new RangeError(`pin ${String(number)} does not exist: this board has ${this.#list()}`);
    return pin;
  }

  #list(): string {
    return [...this.#pins.keys()].join(", ");
  }
}

/** What the board drives the pin with; null where it leaves that to others. */
function driven(pin: Pin): number | null {
  if (pin.mode === "output") return pin.latch ?? 0;
  // An open drain pulls to ground, or lets go.
  if (pin.mode === "output-open-drain") return pin.latch === 0 ? 0 : null;
  return null;
}

/** The pin's level where something decides it: the output, the wiring, the pull. Null: it floats. */
function settledLevel(pin: Pin): Level | null {
  const output = driven(pin);
  if (output !== null) return output > 0 ? 1 : 0;
  if (pin.input !== null) return pin.input;
  if (pin.mode === "input-pullup") return 1;
  if (pin.mode === "input-pulldown") return 0;
  return null;
}
