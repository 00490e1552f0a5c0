import { ownMembers } from "../../core/own-members.js";
import { AnalogSettings } from "./analog-settings.js";
import type { BoardClock } from "./board-clock.js";
import { Interrupts } from "./interrupts.js";
import type { BootCycle, LifeRequest, BootResource, WakeCause, WakeUp } from "./boot-cycle.js";
import type { BoardNetwork } from "./network.js";
import { Pins, type PinsOptions } from "./pins.js";
import { RandomSource } from "./random-source.js";
import { RtcMemory } from "./rtc-memory.js";
import type { SerialPort } from "./serial-port.js";
import type { BoardStorage } from "./storage.js";
import { Tones } from "./tones.js";

interface BoardParts {
  readonly clock: BoardClock;
  readonly pins: PinsOptions;
  readonly storage: BoardStorage;
  /** `Serial`, `Serial1`. */
  readonly serialPorts: readonly [SerialPort, SerialPort];
  /** The network of a test; null for the real one. */
  readonly network: BoardNetwork | null;
  /** The device id, `"24:0a:c4:01:02:03"`; null for a random one in each process. */
  readonly deviceId: string | null;
  /** The hardware's noise: a number from 0 up to, but not including, 1. */
  readonly entropy: () => number;
  /** The value that `millis()` starts from, called once in each life. Default: 0. */
  readonly startMillis?: () => number;
  /** The least time between turns of `loop`, in milliseconds. Default: the clock's. */
  readonly turnMs?: number;
  /** The time that a turn's own code takes, called in each turn. Default: 0, because real time passes by itself. */
  readonly ownMs?: () => number;
  /** What repeats a failure, such as the seed. */
  readonly repeatedBy?: string;
  /** The CPU time in milliseconds that a sketch may use from one wait to the next; 0 for any. Default 0. */
  readonly watchdogMs?: number;
}

/** The hardware below a sketch, and the life that runs on it. */
export class Board {
  readonly clock: BoardClock;
  readonly pins: Pins;
  readonly storage: BoardStorage;
  readonly serialPorts: readonly [SerialPort, SerialPort];
  readonly network: BoardNetwork | null;
  readonly deviceId: string | null;
  readonly entropy: () => number;
  readonly repeatedBy: string | null;
  readonly watchdogMs: number;
  readonly analog: AnalogSettings;
  readonly interrupts: Interrupts;
  readonly random: RandomSource;
  readonly tones: Tones;
  readonly rtcMemory = new RtcMemory();
  #latestLife: BootCycle | null = null;
  #wakeCause: WakeCause = "power";
  readonly turnMs: number;
  readonly ownMs: () => number;
  readonly #startMillis: () => number;
  /** The time at which `millis()` was, or would have been, 0. */
  #zeroMs: number;

  constructor(parts: BoardParts) {
    this.clock = parts.clock;
    this.pins = new Pins(parts.pins);
    this.analog = new AnalogSettings(this.pins.analogBits);
    this.storage = parts.storage;
    this.serialPorts = parts.serialPorts;
    this.network = parts.network;
    this.deviceId = parts.deviceId;
    this.entropy = parts.entropy;
    this.repeatedBy = parts.repeatedBy ?? null;
    this.watchdogMs = parts.watchdogMs ?? 0;
    this.interrupts = new Interrupts(this.pins, (pin, handler) => this.life?.interrupt(pin, handler));
    this.random = new RandomSource(parts.entropy);
    this.tones = new Tones(this.clock, this.pins);
    const own = ownMembers(parts);
    this.turnMs = own.turnMs ?? parts.clock.turnMs;
    this.ownMs = own.ownMs ?? (() => 0);
    this.#startMillis = own.startMillis ?? (() => 0);
    this.#zeroMs = this.clock.now();
  }

  /** Milliseconds since this life began, 32 bits: back to 0 after 49.7 days. */
  millis(): number {
    return Math.floor(this.#elapsedUs() / 1_000) >>> 0;
  }

  /** Microseconds since this life began, 32 bits: back to 0 after 71.6 minutes. */
  micros(): number {
    return this.#elapsedUs() >>> 0;
  }

  /** The life that runs on this board; null outside of a sketch. */
  get life(): BootCycle | null {
    return this.#latestLife?.over === false ? this.#latestLife : null;
  }

  /** Why this life began. */
  get wakeCause(): WakeCause {
    return this.#wakeCause;
  }

  /** Begins a life: the time starts again. The RTC memory is kept only after a deep sleep. */
  boot(life: BootCycle, cause: WakeCause): void {
    if (this.life !== null) throw new Error("a sketch runs on this board already: stop it first");
    this.#zeroMs = this.clock.now() - this.#startMillis();
    this.#latestLife = life;
    this.#wakeCause = cause;
    if (cause === "power" || cause === "restart") this.rtcMemory.clear();
  }

  /** Ends a life: the hardware is as after a reset, and drives no pin. The wiring stays. */
  halt(): void {
    this.tones.reset();
    this.interrupts.reset();
    this.pins.reset();
    this.analog.reset();
    this.random.reset();
  }

  /** Waits as the sketch. `what` names the wait in messages. Outside of a sketch it is a plain wait. */
  delay(delayMs: number, what: string): Promise<void> {
    return this.life?.delay(delayMs, what) ?? new Promise((resolve) => void this.clock.after(delayMs, resolve));
  }

  /** Marks `wait` as one that the sketch has to await before its next call. */
  waitFor<T>(wait: Promise<T>, what: string): Promise<T> {
    return this.life?.waitFor(wait, what) ?? wait;
  }

  /** `ESP.restart()`: starts the next life, with the contents of flash. Does not return. */
  restart(): never {
    return this.#end({ kind: "restart" }, "ESP.restart()");
  }

  /**
   * Deep sleep: the next life begins on waking up, with the contents of flash and RTC memory. Does not return.
   * @throws DataCloneError if RTC memory holds more than plain data
   */
  deepSleep(wakeUp: WakeUp): never {
    this.rtcMemory.sleep();
    return this.#end({ kind: "deep-sleep", wakeUp }, "deep sleep");
  }

  /**
   * Returns an error handler for a callback of the running sketch. It ends the sketch, or does nothing if that life has
   * already ended. Outside of a sketch it rethrows.
   */
  failer(where: string): (cause: unknown) => void {
    const { life } = this;
    return (cause) => {
      if (life === null) throw cause;
      life.fail(where, cause);
    };
  }

  /** Runs a callback of the sketch, which cannot wait. */
  call<T>(where: string, callback: () => T): T {
    const { life } = this;
    return life === null ? callback() : life.call(where, callback);
  }

  /** Ends `resource` with this life, unless the returned function is called before. No effect outside of a sketch. */
  own(resource: BootResource): () => void {
    return this.life?.own(resource) ?? (() => {});
  }

  /** The sketch polled for a change. @throws Error if it only polls while a fake clock stands still */
  polled(): void {
    this.clock.polled();
  }

  /** Something happened on the network, or was started there: the next turn of `loop` may start early. */
  networkEvent(): void {
    this.clock.stir();
    this.life?.hurry();
  }

  #elapsedUs(): number {
    // A little more, because sums of fractions of milliseconds are a little too small.
    return Math.floor((this.clock.now() - this.#zeroMs) * 1_000 + 0.001);
  }

  #end(request: LifeRequest, what: string): never {
    const life = this.life;
    if (life === null) throw new Error(`${what} ends the life of a sketch, and none runs here: use runSketch()`);
    return life.end(request);
  }
}
