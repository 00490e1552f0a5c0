import { parseDeviceId } from "../../core/wire/device-id.js";
import { currentBoard } from "../board/current-board.js";
import { deviceIdOf } from "../client/board-device-id.js";
import { esp_deep_sleep } from "./sleep.js";

/**
 * What `ESP` says of memory and chip: figures of a common ESP32 module (two cores at 240 MHz, 4 MB of flash, no PSRAM), the
 * same ones always. Memory of a sketch cannot be measured here.
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

/** The board itself; on a PC most of it is a stand-in, as {@link CHIP} says. */
export class EspClass {
  /** The next life of the sketch begins, with what flash keeps. Does not return. */
  restart(): never {
    return currentBoard().restart();
  }

  /** {@link esp_deep_sleep}. Does not return. */
  deepSleep(us: number): never {
    return esp_deep_sleep(us);
  }

  /** Always the same: it says nothing of this sketch. */
  getHeapSize(): number {
    return CHIP.heapBytes;
  }

  /** Always the same: it says nothing of this sketch. */
  getFreeHeap(): number {
    return CHIP.freeHeapBytes;
  }

  /** Always the same: it says nothing of this sketch. */
  getMinFreeHeap(): number {
    return CHIP.freeHeapBytes;
  }

  /** Always the same: it says nothing of this sketch. */
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

  /** From the time, not from work done: 240 a microsecond, 32 bits. */
  getCycleCount(): number {
    return (currentBoard().micros() * CHIP.cpuMHz) >>> 0;
  }

  /** Of Node.js, which runs the sketch. */
  getSdkVersion(): string {
    return `Node.js ${process.version}`;
  }

  /** The device id as a number of 48 bits, its first byte lowest, as a board has it. */
  getEfuseMac(): bigint {
    const bytes = parseDeviceId(deviceIdOf(currentBoard()));
    return bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);
  }
}

/** The board itself; see {@link EspClass}. */
export const ESP = new EspClass();

/** The same as `ESP.restart()`. Does not return. */
export function esp_restart(): never {
  return currentBoard().restart();
}

/** 32 random bits; on a virtual board of its seed. */
export function esp_random(): number {
  return Math.floor(currentBoard().entropy() * 2 ** 32);
}

/** Fills the first `length` bytes with random ones. */
export function esp_fill_random(buffer: Uint8Array, length = buffer.length): void {
  const { entropy } = currentBoard();
  for (let index = 0; index < Math.min(length, buffer.length); index++) buffer[index] = Math.floor(entropy() * 256);
}
