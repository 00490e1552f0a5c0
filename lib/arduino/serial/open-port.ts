import { AsyncResource } from "node:async_hooks";

import type { Board } from "../board/board.js";
import type { SerialPort } from "../board/serial-port.js";
import type { TimedSource } from "./timed-reading.js";

/** Settings that a sketch can change even before the port is open. */
export interface PortSettings {
  /** How long a read waits for the next byte, in milliseconds. */
  timeoutMs: number;
}

/** A serial port while a life of a sketch has it open. */
export class OpenPort implements TimedSource {
  readonly #board: Board;
  readonly #port: SerialPort;
  readonly #settings: PortSettings;
  /** Ends the pending wait for a byte. */
  #endWait: (() => void) | null = null;
  #endReceiver: () => void = () => {};

  constructor(board: Board, port: SerialPort, settings: PortSettings) {
    this.#board = board;
    this.#port = port;
    this.#settings = settings;
  }

  get available(): number {
    return this.#port.available;
  }

  read(): number {
    return this.#port.read();
  }

  peek(): number {
    return this.#port.peek();
  }

  write(bytes: Uint8Array): void {
    this.#port.write(bytes);
  }

  arrival(): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (hasCome: boolean): void => {
        this.#endWait = null;
        timer.cancel();
        stopListening();
        // The sketch continues in a promise, which a fake clock has to let run.
        this.#board.clock.stir();
        resolve(hasCome);
      };
      const timer = this.#board.clock.after(this.#settings.timeoutMs, () => end(false));
      const stopListening = this.#port.onArrival(() => end(true));
      this.#endWait = () => end(false);
    });
  }

  /** Calls `callback` as code of the sketch whenever bytes arrive; null removes it. */
  onReceive(callback: (() => void) | null, where: string): void {
    this.#endReceiver();
    if (callback === null) {
      this.#endReceiver = () => {};
      return;
    }
    const fail = this.#board.failer(where);
    const receiver = AsyncResource.bind(() => {
      try {
        this.#board.call(where, callback);
      } catch (error) {
        fail(error);
      }
    });
    this.#endReceiver = this.#port.onArrival(receiver);
  }

  close(): void {
    this.#endWait?.();
    this.#endReceiver();
    this.#port.release();
  }
}
