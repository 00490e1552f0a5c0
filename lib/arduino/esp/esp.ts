import { parseDeviceId } from "../../core/wire/device-id.js";
import { currentBoard } from "../board/current-board.js";
import { deviceIdOf } from "../client/board-device-id.js";
import { esp_deep_sleep } from "./sleep.js";

/**
 * What `ESP` returns for memory and chip: the values of a common ESP32 module (two cores at 240 MHz, 4 MB of flash, no
 * PSRAM). They never change, because the memory of a sketch cannot be measured here.
 */
const CHIP = {
  model: "ESP32-D0WDQ6",
  revision: 1,
  cores: 2,
  cpuMHz: 240,
  heapBytes: 327_680,
  freeHeapBytes: 270_000,
  largestBlockBytes: 110_000,
  flashBytes: 4 * 1024 * 1024,
} as const;

/** The chip. Most values are constants: see {@link CHIP}. */
export class EspClass {
  /** Starts the next life of the sketch, with the contents of flash. Does not return. */
  restart(): never {
    return currentBoard().restart();
  }

  /** {@link esp_deep_sleep}. Does not return. */
  deepSleep(us: number): never {
    return esp_deep_sleep(us);
  }

  /** A constant, whatever the sketch uses. */
  getHeapSize(): number {
    return CHIP.heapBytes;
  }

  /** A constant, whatever the sketch uses. */
  getFreeHeap(): number {
    return CHIP.freeHeapBytes;
  }

  /** A constant, whatever the sketch uses. */
  getMinFreeHeap(): number {
    return CHIP.freeHeapBytes;
  }

  /** A constant, whatever the sketch uses. */
  getMaxAllocHeap(): number {
    return CHIP.largestBlockBytes;
  }

  getPsramSize(): number {
    return 0;
  }

  getFreePsram(): number {
    return 0;
  }

  getChipModel(): string {
    return CHIP.model;
  }

  getChipRevision(): number {
    return CHIP.revision;
  }

  getChipCores(): number {
    return CHIP.cores;
  }

  getCpuFreqMHz(): number {
    return CHIP.cpuMHz;
  }

  getFlashChipSize(): number {
    return CHIP.flashBytes;
  }

  /** Computed from the time: 240 cycles a microsecond, 32 bits. */
  getCycleCount(): number {
    return (currentBoard().micros() * CHIP.cpuMHz) >>> 0;
  }

  /** The version of Node.js, which runs the sketch. */
  getSdkVersion(): string {
    return `Node.js ${process.version}`;
  }

  /** The device id as a number of 48 bits with its first byte lowest, as on a board. */
  getEfuseMac(): bigint {
    const bytes = parseDeviceId(deviceIdOf(currentBoard()));
    return bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);
  }
}

/** The chip. See {@link EspClass}. */
export const ESP = new EspClass();

/** The same as `ESP.restart()`. Does not return. */
export function esp_restart(): never {
  return currentBoard().restart();
}

/** 32 random bits. On a virtual board they depend on its seed. */
export function esp_random(): number {
  return Math.floor(currentBoard().entropy() * 2 ** 32);
}

/** Fills the first `length` bytes with random ones. */
export function esp_fill_random(buffer: Uint8Array, length = buffer.length): void {
  const { entropy } = currentBoard();
  for (let index = 0; index < Math.min(length, buffer.length); index++) buffer[index] = Math.floor(entropy() * 256);
}
