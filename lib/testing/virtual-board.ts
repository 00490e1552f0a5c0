import { Board } from "../arduino/board/board.js";
import type { BoardNetwork } from "../arduino/board/network.js";
import { ESP32_PINS, type PinLayout } from "../arduino/board/pin-layout.js";
import type { Level } from "../arduino/board/pins.js";
import { MemoryStorage } from "../arduino/board/storage.js";
import type { Sketch } from "../arduino/sketch/sketch.js";
import { SketchRun, type SketchState } from "../arduino/sketch/sketch-run.js";
import { SeededRandom } from "../transport/random.js";
import { VirtualClock } from "./virtual-clock.js";
import { VirtualSerial } from "./virtual-serial.js";

const DEFAULT_SEED = 1;
const DEFAULT_HOLD_MS = 100;

/** A network that lives in memory, on a clock that boards share. */
export interface VirtualNetwork extends BoardNetwork {
  readonly clock: VirtualClock;
}

export interface VirtualBoardOptions {
  /** What the board's clients connect to, whatever host they name. Its clock is the board's. */
  readonly gateway?: VirtualNetwork;
  /** For noise, bounce and floating pins: the same seed, the same run. Default 1. */
  readonly seed?: number;
  /** What `millis()` starts from in the first life. Default 0. */
  readonly startMillis?: number;
  readonly pins?: PinLayout;
  /** `"24:0a:c4:01:02:03"`. Default: `"02:00:00:00:00:01"`. */
  readonly deviceId?: string;
}

/** Something that a pin was driven with, and when, in milliseconds since the board was made. */
export interface PinOutput {
  readonly atMs: number;
  readonly value: number;
}

export interface PressOptions {
  /** Default 100. */
  readonly holdMs?: number;
}

/** A board in memory whose time stands still until it is moved: what a sketch is tested on. */
export class VirtualBoard {
  readonly serial = new VirtualSerial();
  readonly serial1 = new VirtualSerial();
  readonly clock: VirtualClock;
  readonly seed: number;
  readonly #board: Board;
  readonly #outputs = new Map<number, PinOutput[]>();
  readonly #startedAt: number;
  #run: SketchRun | null = null;

  constructor({
    gateway,
    seed = DEFAULT_SEED,
    startMillis = 0,
    pins = ESP32_PINS,
    deviceId = "02:00:00:00:00:01",
  }: VirtualBoardOptions = {}) {
    this.clock = gateway?.clock ?? new VirtualClock();
    this.seed = seed;
    this.#startedAt = this.clock.now();
    const random = new SeededRandom(seed);
    this.#board = new Board({
      clock: this.clock,
      pins: { layout: pins, floating: () => random.next() },
      storage: new MemoryStorage(),
      serialPorts: [this.serial, this.serial1],
      network: gateway ?? null,
      deviceId,
      entropy: () => random.next(),
      startMillis,
    });
    this.#board.pins.watch({ onOutput: (pin, value) => this.#record(pin, value) });
  }

  /** Powers the board with this sketch: runs `setup()` to its end or first wait. Rejects with a `SketchError` where it fails. */
  async start(sketch: Sketch): Promise<void> {
    if (this.#run !== null && this.#run.state !== "ended") throw new Error("a sketch runs already: stop() it first");
    this.#run = new SketchRun(this.#board, sketch);
    this.#run.start();
    await this.clock.settle();
  }

  /** Moves time by `ms`. Rejects with a `SketchError` where the sketch fails meanwhile. */
  advance(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  /** Presses a button that connects the pin to ground, holds it, and lets it go. */
  async press(pin: number, { holdMs = DEFAULT_HOLD_MS }: PressOptions = {}): Promise<void> {
    this.setInput(pin, 0);
    await this.advance(holdMs);
    this.setInput(pin, null);
    await this.clock.settle();
  }

  /** Wires the pin to a level, or, with null, to nothing. */
  setInput(pin: number, level: Level | null): void {
    this.#board.pins.setInput(pin, level);
  }

  /** What the board drives the pin with: a level, or the duty of `analogWrite`; null where it is no output. */
  output(pin: number): number | null {
    return this.#board.pins.output(pin);
  }

  /** Every change of what the board drives the pin with. */
  outputs(pin: number): readonly PinOutput[] {
    return this.#outputs.get(pin) ?? [];
  }

  /** How many lives the sketch has begun. */
  get lives(): number {
    return this.#run?.lives ?? 0;
  }

  get state(): SketchState {
    return this.#run?.state ?? "ended";
  }

  /** Takes the supply away, at once. Flash is kept: `start()` powers the board again. */
  cutPower(): void {
    this.#run?.cutPower();
  }

  /** Ends the sketch in good order, sessions with BYE. */
  async stop(): Promise<void> {
    const stopped = this.#run?.stop();
    await this.clock.settle();
    await stopped;
  }

  #record(pin: number, value: number): void {
    const outputs = this.#outputs.get(pin) ?? [];
    this.#outputs.set(pin, outputs);
    outputs.push({ atMs: this.clock.now() - this.#startedAt, value });
  }
}
