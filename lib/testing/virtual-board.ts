import { refuseArgument, requireFunction, requireFunctions, requireNumber } from "../core/arguments.js";
import { parseDeviceId } from "../core/wire/device-id.js";
import { checkNumber } from "../session/options.js";
import { ownMembers } from "../core/own-members.js";
import { Board } from "../arduino/board/board.js";
import type { PinLayout } from "../arduino/board/pin-layout.js";
import { ESP32_PINS } from "../arduino/board/pin-layouts.js";
import type { Level } from "../arduino/board/pins.js";
import { MemoryStorage } from "../arduino/board/storage.js";
import { requireSketch, type Sketch } from "../arduino/sketch/sketch.js";
import { SketchRun, type SketchState } from "../arduino/sketch/sketch-run.js";
import { loadCrypto } from "../crypto/index.js";
import { shared } from "../arduino/board/shared.js";
import { SeededRandom } from "../transport/random.js";
import { bouncePauses } from "./contact-bounce.js";
import { noNetwork } from "./no-network.js";
import { UnevenTime } from "./uneven-time.js";
import type { VirtualNetwork } from "./virtual-network.js";
import { VirtualClock } from "./virtual-clock.js";
import { VirtualSerial } from "./virtual-serial.js";

/** The real function, even if the test fakes time. */
const { setImmediate } = globalThis;
const LEVELS: readonly unknown[] = [0, 1, null];
const DEFAULT_SEED = 1;
const DEFAULT_DEVICE_ID = "02:00:00:00:00:01";
const DEFAULT_HOLD_MS = 100;
const DEFAULT_WATCHDOG_MS = 1_000;
/** Longer than closing a session may take, in milliseconds. */
const LONGEST_STOP_MS = 60_000;
const DEFAULT_WITHIN_MS = 10_000;

export interface VirtualBoardOptions {
  /** The network that the board's clients connect to, whatever host they name. Its clock is the board's. */
  readonly gateway?: VirtualNetwork | undefined;
  /** Seeds noise, bounce, floating pins and uneven times: the same seed repeats the same run. Default 1. */
  readonly seed?: number | undefined;
  /**
   * The exact value at which `millis()` starts in the first life; later lives then start from 0. `2 ** 32 - 5_000` is
   * five seconds before it wraps, after 49.7 days. Default: an uneven number of milliseconds, as a board needs to boot,
   * by the seed.
   */
  readonly startMillis?: number | undefined;
  /**
   * The exact time from one turn of `loop` to the next, in milliseconds, if `loop` does not wait. Default: uneven, by
   * the seed: 1 to 2.2, and the code of a turn takes 0.2 to 2.2 beside its waits.
   */
  readonly turnMs?: number | undefined;
  /** Which pins there are: `ESP32_C3_PINS`. Default: `ESP32_PINS`. */
  readonly pins?: PinLayout | undefined;
  /**
   * The CPU time, in milliseconds, after which the watchdog ends a sketch that never waits; 0 turns that off. Default
   * 1,000. See docs/porting.md.
   */
  readonly watchdogMs?: number | undefined;
  /** `"24:0a:c4:01:02:03"`. Default: `"02:00:00:00:00:01"`. */
  readonly deviceId?: string | undefined;
}

/** A value that the board drove a pin with, and when, in milliseconds since the board was made. */
export interface PinOutput {
  readonly atMs: number;
  readonly value: number;
}

/** A value that the board drove any pin with. */
export interface BoardOutput extends PinOutput {
  readonly pin: number;
}

export interface PressOptions {
  /** How long the button is held, in milliseconds. Default 100. */
  readonly holdMs?: number | undefined;
  /** How long the contact chatters when it closes and when it opens, in milliseconds. Default 0. */
  readonly bounceMs?: number | undefined;
}

export interface AnalogOptions {
  /** Largest error of each reading, in either direction. Default 0. */
  readonly noise?: number | undefined;
}

export interface UntilOptions {
  /** How far the call may move time, in milliseconds. Default 10,000. */
  readonly withinMs?: number | undefined;
}

/**
 * A turn of the real event loop: a sketch starts outside of the program's own start, so that the watchdog can end it.
 */
function realTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A board in memory for tests of sketches. Its time stands still until the test moves it. */
export class VirtualBoard {
  readonly serial = new VirtualSerial(() => this.#elapsedMs());
  readonly serial1 = new VirtualSerial(() => this.#elapsedMs());
  readonly clock: VirtualClock;
  readonly seed: number;
  readonly #random: SeededRandom;
  readonly #board: Board;
  readonly #outputs: BoardOutput[] = [];
  readonly #startedAt: number;
  /** Nothing in a simulation may wait for the real event loop. */
  readonly #ready: Promise<unknown>;
  #run: SketchRun | null = null;

  constructor(options: VirtualBoardOptions = {}) {
    const {
      gateway,
      seed = DEFAULT_SEED,
      startMillis,
      turnMs,
      pins = ESP32_PINS,
      watchdogMs = DEFAULT_WATCHDOG_MS,
      deviceId = DEFAULT_DEVICE_ID,
    } = ownMembers(options);
    if (gateway !== undefined) requireFunctions("gateway", gateway, ["plugIn"], "a TestGateway");
    parseDeviceId(deviceId);
    for (const [name, value] of Object.entries({ startMillis, turnMs, watchdogMs }))
      if (value !== undefined) checkNumber(name, value, 0);
    this.clock = gateway?.clock ?? new VirtualClock();
    this.#ready = gateway?.ready ?? Promise.resolve();
    this.seed = seed;
    this.#startedAt = this.clock.now();
    const random = new SeededRandom(seed);
    this.#random = random.fork();
    const time = new UnevenTime(seed);
    this.#board = new Board({
      clock: this.clock,
      pins: { layout: pins, floating: () => random.next() },
      storage: new MemoryStorage(),
      serialPorts: [this.serial, this.serial1],
      network: gateway?.plugIn({ deviceId, describe: () => this.#describe() }) ?? noNetwork,
      deviceId,
      entropy: () => random.next(),
      ...(turnMs === undefined ? { ownMs: () => time.turnMs() } : { turnMs }),
      startMillis: startMillis === undefined ? () => time.startMillis() : firstOnly(startMillis),
      repeatedBy: `seed: ${seed}`,
      watchdogMs,
    });
    this.#board.pins.watch({
      onOutput: (pin, value) => this.#outputs.push({ pin, atMs: this.#elapsedMs(), value }),
    });
  }

  /**
   * Powers the board with this sketch: runs `setup()` to its end or first wait. Rejects with a `SketchError` if the
   * sketch fails.
   */
  async start(sketch: Sketch): Promise<void> {
    requireSketch(sketch);
    if (this.#run !== null && this.#run.state !== "ended") throw new Error("a sketch runs already: stop() it first");
    const prepared = [...shared.preparations].map((prepare) => prepare());
    await Promise.all([this.#ready, loadCrypto(), ...prepared, realTurn()]);
    // A sketch that failed has reported it already.
    this.#run?.cutPower();
    const run = new SketchRun(this.#board, sketch);
    this.#run = run;
    await this.clock.settle(() => run.start());
  }

  /** Moves time by `ms` milliseconds. Rejects with a `SketchError` if the sketch fails meanwhile. */
  advance(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  /**
   * Moves time until `done()` returns true. Resolves with how many milliseconds that took. Rejects if
   * `done()` is still false after `withinMs`, or if the sketch fails.
   */
  async advanceUntil(done: () => boolean, options: UntilOptions = {}): Promise<number> {
    const { withinMs = DEFAULT_WITHIN_MS } = ownMembers(options);
    checkNumber("withinMs", withinMs, 0);
    const from = this.clock.now();
    if (await this.clock.advanceUntil(done, withinMs)) return this.clock.now() - from;
    throw new Error(`what was waited for did not come within ${withinMs} ms (${this.#board.repeatedBy ?? ""})`);
  }

  /** Presses a button that connects the pin to ground, holds it, and releases it. Time moves meanwhile. */
  async press(pin: number, options: PressOptions = {}): Promise<void> {
    const { holdMs = DEFAULT_HOLD_MS, bounceMs = 0 } = ownMembers(options);
    checkNumber("holdMs", holdMs, 0);
    checkNumber("bounceMs", bounceMs, 0);
    const bounced = await this.#switch(pin, [0, null], bounceMs);
    await this.advance(Math.max(holdMs - bounced, 0));
    await this.#switch(pin, [null, 0], bounceMs);
    await this.clock.settle();
  }

  /** Wires the pin to a level, or disconnects it (null). */
  setInput(pin: number, level: Level | null): void {
    if (!LEVELS.includes(level)) refuseArgument("level", level, "LOW, HIGH or null");
    this.#board.pins.setInput(pin, level);
  }

  /**
   * Wires the pin to a voltage, or disconnects it (null). `reading` is the value of `analogRead`, 0 to 4095 on an
   * ESP32, or a function called at each reading.
   */
  setAnalog(pin: number, reading: number | (() => number) | null, options: AnalogOptions = {}): void {
    const { noise = 0 } = ownMembers(options);
    checkNumber("noise", noise, 0);
    if (reading !== null && typeof reading !== "function") requireNumber("reading", reading);
    const noisy = (exact: number): number => exact + (this.#random.next() * 2 - 1) * noise;
    const voltage = typeof reading === "function" ? reading : (): number => reading ?? 0;
    this.#board.pins.setReading(pin, reading === null ? null : () => noisy(voltage()));
  }

  /**
   * Calls `listener` synchronously at each change of the value that the board drives the pin with, as for a device
   * wired to the pin. Returns a function that removes the listener.
   */
  onOutput(pin: number, listener: (value: number) => void): () => void {
    this.#board.pins.output(pin);
    requireFunction("listener", listener);
    return this.#board.pins.watch({ onOutput: (changed, value) => changed === pin && listener(value) });
  }

  /**
   * The value that the board drives the pin with: a level, or the duty of `analogWrite`; null if the pin is not an
   * output.
   */
  output(pin: number): number | null {
    return this.#board.pins.output(pin);
  }

  /** Every change of the value that the board drives this pin with. */
  outputs(pin: number): PinOutput[];
  /** Every change of any pin, in order. */
  outputs(): BoardOutput[];
  outputs(pin?: number): PinOutput[] {
    if (pin === undefined) return [...this.#outputs];
    this.#board.pins.output(pin);
    return this.#outputs.filter((output) => output.pin === pin).map(({ atMs, value }) => ({ atMs, value }));
  }

  /** How many lives the sketch has begun. */
  get lives(): number {
    return this.#run?.lives ?? 0;
  }

  get state(): SketchState {
    return this.#run?.state ?? "ended";
  }

  /** Cuts the supply at once. Flash is kept: `start()` powers the board again. */
  cutPower(): void {
    this.#run?.cutPower();
  }

  /** Stops the sketch cleanly, sessions with BYE. Moves time as far as that takes. */
  async stop(): Promise<void> {
    let stopped = this.#run === null;
    void this.#run?.stop().then(() => (stopped = true));
    await this.clock.advanceUntil(() => stopped, LONGEST_STOP_MS);
  }

  /**
   * Sets the pin to the first level, chattering between both for at most `bounceMs`. Resolves with how many
   * milliseconds that took.
   */
  async #switch(pin: number, levels: readonly [Level | null, Level | null], bounceMs: number): Promise<number> {
    const pauses = bouncePauses(this.#random, bounceMs);
    this.setInput(pin, levels[0]);
    for (const [index, pauseMs] of pauses.entries()) {
      await this.advance(pauseMs);
      this.setInput(pin, levels[index % 2 === 0 ? 1 : 0]);
    }
    return pauses.reduce((sum, pauseMs) => sum + pauseMs, 0);
  }

  #describe(): string {
    const lines = this.serial.lines().slice(-3);
    const printed =
      lines.length === 0 ? "printed nothing" : `printed last: ${lines.map((line) => JSON.stringify(line)).join(", ")}`;
    return `The board ${this.#board.deviceId ?? ""}: ${this.state}, in life ${this.lives} (seed: ${this.seed}); ${printed}`;
  }

  /** Milliseconds since the board was made. */
  #elapsedMs(): number {
    return this.clock.now() - this.#startedAt;
  }
}

/** Returns a function that returns this number once, and 0 from then on. */
function firstOnly(number: number): () => number {
  let next = number;
  return () => {
    const given = next;
    next = 0;
    return given;
  };
}
