import { MAX_MESSAGE_LENGTH } from "../../core/wire/wire.js";
import { UsmpError } from "../../errors.js";
import type { BoardDevice } from "./board-device.js";

/** The board's receive buffer, which holds one message. Later messages wait until it is taken. */
export class ReceiveBuffer {
  /** Null if it has room for any message. */
  readonly #memory: Uint8Array | null;
  #message: Uint8Array | null = null;

  constructor(memory: Uint8Array | null) {
    this.#memory = memory;
  }

  get isFull(): boolean {
    return this.#message !== null;
  }

  /**
   * Takes the next message of `device`; false if there is none. As on a board, one that does not fit ends the session.
   */
  fill(device: BoardDevice): boolean {
    let message = device.receive();
    // The board ignores empty messages.
    while (message?.length === 0) message = device.receive();
    if (message === null) return false;
    const memory = this.#memory;
    if (memory !== null && message.length > memory.length) {
      device.abandon(tooLong(message.length, memory.length));
      return false;
    }
    memory?.set(message);
    this.#message = memory?.subarray(0, message.length) ?? message;
    return true;
  }

  /** The message, which frees the buffer; null if there is none. */
  take(): Uint8Array | null {
    const message = this.#message;
    this.#message = null;
    return message;
  }
}

function tooLong(length: number, room: number): UsmpError {
  const advice = `give USMPClient a larger buffer (${MAX_MESSAGE_LENGTH} bytes hold any), or send less`;
  return new UsmpError(
    "PAYLOAD_TOO_LARGE",
    `a message of ${length} bytes came, and there is room for ${room}: ${advice}`,
  );
}
