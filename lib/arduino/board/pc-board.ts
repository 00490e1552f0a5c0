import { refuseArgument, requireObject } from "../../core/arguments.js";
import { checkNumber } from "../../session/options.js";
import { getRandomValues } from "node:crypto";

import { ownMembers } from "../../core/own-members.js";
import { Board } from "./board.js";
import { PcClock } from "./pc-clock.js";
import { FileStorage } from "./file-storage.js";
import type { PinLayout } from "./pin-layout.js";
import { ESP32_PINS } from "./pin-layouts.js";
import { StreamPort, type SerialStreams } from "./stream-port.js";

/** The folder of a board's flash on a PC, in the folder that a sketch was started in. */
const STORAGE_FOLDER = ".usmp-board";
/** Long enough for any sketch that a board could run: a PC computes some hundred times as fast. */
const DEFAULT_WATCHDOG_MS = 5_000;
const TWO_32 = 2 ** 32;

export interface PcBoardOptions {
  /** The folder for the board's flash. Default `.usmp-board`, in the folder where the program was started. */
  readonly storageFolder?: string | undefined;
  /** The CPU time in milliseconds after which a sketch that never waits is ended; 0 never ends it. Default 5,000. */
  readonly watchdogMs?: number | undefined;
  /** The streams of `Serial`. Default: the terminal. */
  readonly serial?: SerialStreams | undefined;
  /** The streams of `Serial1`. Default: none. */
  readonly serial1?: SerialStreams | undefined;
  /** The pins of the board. Default: `ESP32_PINS`. */
  readonly pins?: PinLayout | undefined;
}

/** Getters, so that a sketch that does not use the terminal does not open it. */
const TERMINAL: SerialStreams = {
  get input() {
    return process.stdin;
  },
  get output() {
    return process.stdout;
  },
};

/** This computer as a board: the real clock and network, the terminal, and files. Nothing is wired to its pins. */
export function createPcBoard(options: PcBoardOptions = {}): Board {
  const {
    storageFolder = STORAGE_FOLDER,
    serial = TERMINAL,
    serial1 = {},
    pins = ESP32_PINS,
    watchdogMs = DEFAULT_WATCHDOG_MS,
  } = ownMembers(options);
  if (typeof storageFolder !== "string") refuseArgument("storageFolder", storageFolder, "a path as a string");
  checkNumber("watchdogMs", watchdogMs, 0);
  requireObject("serial", serial);
  requireObject("serial1", serial1);
  return new Board({
    clock: new PcClock(),
    // Real pins would pick up noise. A sketch that runs at a desk should not.
    pins: { layout: pins, floating: () => 0 },
    storage: new FileStorage(storageFolder),
    serialPorts: [new StreamPort(serial), new StreamPort(serial1)],
    watchdogMs,
    network: null,
    deviceId: null,
    entropy: () => getRandomValues(new Uint32Array(1))[0]! / TWO_32,
  });
}
