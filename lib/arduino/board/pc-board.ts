import { getRandomValues } from "node:crypto";

import { Board } from "./board.js";
import { pcClock } from "./board-clock.js";
import { FileStorage } from "./file-storage.js";
import { StreamPort } from "./stream-port.js";

/** Where a PC keeps a board's flash, below the folder that a sketch was started in. */
const STORAGE_FOLDER = ".usmp-board";
const TWO_32 = 2 ** 32;

export interface PcBoardOptions {
  /** The folder that stands for the board's flash. Default `.usmp-board`, where the program was started. */
  readonly storageFolder?: string;
}

/** This computer as a board: the real clock and network, the terminal, files; nothing is wired to its pins. */
export function createPcBoard({ storageFolder = STORAGE_FOLDER }: PcBoardOptions = {}): Board {
  return new Board({
    clock: pcClock,
    // Real pins would pick up noise; a sketch tried out at a desk is better off without.
    pins: { floating: () => 0 },
    storage: new FileStorage(storageFolder),
    serialPorts: [new StreamPort(process.stdin, process.stdout), new StreamPort(null, null)],
    network: null,
    deviceId: null,
    entropy: () => getRandomValues(new Uint32Array(1))[0]! / TWO_32,
  });
}
