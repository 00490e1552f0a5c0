import { isBytes, isThenable } from "../../core/kinds.js";
import { MAX_MESSAGE_LENGTH } from "../../core/wire.js";
import { UsmpErrno, UsmpError } from "../../errors.js";
import { toUserMessage } from "../../session/message.js";
import { keepKeys, type PskSource } from "../../session/psk-source.js";
import type { Board } from "../board/board.js";
import { boardOfSketch, currentBoard } from "../board/current-board.js";
import { ArduinoString, type TextLike } from "../text/arduino-string.js";
import { byteStringOf, textOf } from "../text/byte-text.js";
import { bytesToSend } from "../text/bytes-to-send.js";
import { bytesBeforeNul, isCharArray } from "../text/char-array.js";
import { Print } from "../text/print.js";
import { BoardDevice } from "./board-device.js";
import { deviceIdOf } from "./board-device-id.js";
import { ClientLog } from "./client-log.js";
import {
  USMP_STATE_AWAITING_CHALLENGE,
  USMP_STATE_AWAITING_SESSION_OK,
  USMP_STATE_CONNECTING_SOCKET,
  USMP_STATE_ERROR,
  USMP_STATE_ESTABLISHED,
  USMP_STATE_IDLE,
} from "./constants.js";
import { isBoardTransport, type BoardTransport, type USMPArduinoTcpCtx, type USMPArduinoUdpCtx } from "./usmp.js";

/** `data` is the callback's to keep, unless the client was given a buffer of its own: then it is a view on that. */
export type MessageCallback = (data: Uint8Array, len: number) => void;
export type ConnectionCallback = () => void;

const NO_SESSION_ID = "0".repeat(32);

/**
 * The client of the Arduino library, for a sketch that runs here.
 *
 *     const usmp = new USMPClient(PSK);
 *     usmp.onMessage((data, len) => Serial.write(data, len));
 *     await usmp.begin(USMP.TCP("192.168.1.100"));      // in setup()
 *     usmp.maintain();                                   // in loop()
 *
 * Callbacks run within `maintain()` alone, one thing at a time as on the board (a loss, or a new session, or one message),
 * and at the end of an awaited `begin()` or `reconnect()`. They cannot wait. One that throws ends the sketch.
 *
 * What is printed is gathered, and sent as one message at each newline, at 452 bytes, on `flush()` and before a `send()`.
 * Without a session nothing is taken.
 *
 * What differs from the board: the network goes on while the sketch waits or does not call `maintain()`, so a session stays
 * alive through a long `delay()`, and after a loss the next one may be there already when the sketch is told.
 */
export class USMPClient extends Print {
  /** One copy, whichever devices look it up. */
  readonly #psk: PskSource;
  readonly #rxBuffer: Uint8Array | null;
  readonly #log = new ClientLog();
  /** The board of the sketch that made it; null: made outside of any, and on the board of whichever sketch begins it. */
  readonly #home = boardOfSketch();
  #device: BoardDevice | null = null;
  /** The message that `read()` gives next, in the board's receive buffer. */
  #received: Uint8Array | null = null;
  /** Whether the sketch has ever asked for messages. */
  #listens = false;
  #sessionId = NO_SESSION_ID;
  #lastError: UsmpError | null = null;
  /** Whether it goes on after an attempt that failed: from the first session on, or with `beginAsync`. */
  #persists = false;
  #failed = false;
  #onConnect: ConnectionCallback | null = null;
  #onDisconnect: ConnectionCallback | null = null;
  #onReconnect: ConnectionCallback | null = null;
  #onMessage: MessageCallback | null = null;

  /** A key as text, or as bytes and their number; and a buffer to receive into, in place of one for 1808 bytes. */
  constructor(psk: TextLike, rxBuffer?: Uint8Array, rxBufferSize?: number);
  constructor(psk: Uint8Array, pskLen: number, rxBuffer?: Uint8Array, rxBufferSize?: number);
  /**
   * @throws UsmpError INVALID_ARG for a key of less than 16 bytes
   */
  constructor(psk: TextLike | Uint8Array, ...rest: (Uint8Array | number | undefined)[]) {
    super();
    if (isCharArray(psk) && typeof rest[0] !== "number") {
      psk = bytesBeforeNul(psk);
      rest.unshift(psk.length);
    }
    const pskLen = isBytes(psk) ? (rest.shift() as number) : undefined;
    const [rxBuffer, rxBufferSize] = rest as [Uint8Array | undefined, number | undefined];
    this.#psk = keepKeys(isBytes(psk) ? psk.subarray(0, pskLen) : psk.toString());
    this.#rxBuffer = rxBuffer?.subarray(0, rxBufferSize) ?? null;
  }

  /**
   * Connects; true after `onConnect` has run. False: not connected, and `lastErrorString()` says why. As on the board it is
   * not tried again then, unless there was a session since the last `close()`; `beginAsync()` is what tries again in any case.
   * The keepalive is 30 s again. The second argument is for the board.
   */
  begin(transport: BoardTransport, _context?: USMPArduinoTcpCtx | USMPArduinoUdpCtx): Promise<boolean> {
    return currentBoard().waitFor(this.#begin(transport), "usmp.begin()");
  }

  /** As `begin`, and returns at once: `maintain()` tells of the session. Tries again, until there is one or `close()`. */
  beginAsync(transport: BoardTransport, _context?: USMPArduinoTcpCtx | USMPArduinoUdpCtx): boolean {
    const device = this.#renewDevice(transport);
    this.#persists = true;
    void device.begin(transport).then((connected) => connected || this.#noteFailure());
    return true;
  }

  /** Ends the session, if any, and connects anew; true after `onReconnect` and `onConnect` have run. False before `begin()`. */
  reconnect(): Promise<boolean> {
    return currentBoard().waitFor(this.#reconnect(), "usmp.reconnect()");
  }

  /** Says BYE, and tries nothing any more. `onDisconnect` is not called. */
  close(): void {
    this.#persists = false;
    this.#failed = false;
    this.#received = null;
    this.#lastError = null;
    void this.#device?.close();
  }

  /** Runs the callback of what happened, if anything did: one thing at a time. To be called in each turn of `loop()`. */
  maintain(): void {
    this.#board.polled();
    const device = this.#device;
    if (device === null) return;
    if (device.isLost) {
      // What came before the loss is told before it.
      if (this.#deliver()) return;
      device.forget();
      this.#call("onDisconnect callback", this.#onDisconnect);
    } else if (device.session === null) {
      this.#greet(device);
    } else {
      this.#deliver();
    }
  }

  /** Whether a message waits to be read. */
  available(): boolean {
    this.#board.polled();
    this.#listen();
    this.#drain();
    return this.#received !== null;
  }

  /** The next message as text; `""` where none waits. */
  read(): ArduinoString;
  /** Copies the next message, cut to `maxLen` bytes; how many were copied, 0 where none waits. */
  read(buf: Uint8Array, maxLen?: number): number;
  read(buf?: Uint8Array, maxLen: number = buf?.length ?? 0): ArduinoString | number {
    this.#listen();
    this.#drain();
    const message = this.#received;
    this.#received = null;
    if (buf === undefined) return new ArduinoString(message === null ? "" : textOf(byteStringOf(message)));
    if (message === null) return 0;
    const copied = message.subarray(0, Math.min(maxLen, buf.length));
    buf.set(copied);
    return copied.length;
  }

  /** Sends one message of at most 1808 bytes; a `char` array up to its NUL. False: nothing was sent, and `lastErrorString()` says why. */
  send(text: TextLike): boolean;
  send(data: Uint8Array, len?: number): boolean;
  send(data: TextLike | Uint8Array, len?: number): boolean {
    const message = bytesToSend("send", data, len);
    this.#lastError = this.#hasSession ? (this.#device?.send(message) ?? null) : noSession();
    return this.#lastError === null;
  }

  /** Sends what was printed and not sent yet. */
  override flush(): void {
    this.#device?.flush();
  }

  /** Whether there is a session. */
  alive(): boolean {
    this.#board.polled();
    return this.#hasSession;
  }

  /** As `alive`. */
  connected(): boolean {
    return this.alive();
  }

  /** Whether it is about to connect. */
  isConnecting(): boolean {
    const state = this.state();
    return state > USMP_STATE_IDLE && state < USMP_STATE_ESTABLISHED;
  }

  /** What goes on: `USMP_STATE_IDLE` to `USMP_STATE_ERROR`. */
  state(): number {
    this.#board.polled();
    const device = this.#device;
    if (device === null) return USMP_STATE_IDLE;
    switch (device.state) {
      case "opening":
        return USMP_STATE_CONNECTING_SOCKET;
      case "handshaking":
        return USMP_STATE_AWAITING_CHALLENGE;
      case "established":
        return device.session === null ? USMP_STATE_AWAITING_SESSION_OK : USMP_STATE_ESTABLISHED;
      case "backoff":
        return USMP_STATE_ERROR;
      default:
        return this.#failed ? USMP_STATE_ERROR : USMP_STATE_IDLE;
    }
  }

  /** PING after this many milliseconds of silence, from now on; 0: never. To be called after `begin()`, which sets 30,000. */
  keepalive(ms: number): void {
    this.#device?.keepalive(ms);
  }

  /** This board's id, `"24:0a:c4:01:02:03"`. */
  deviceId(): ArduinoString {
    return new ArduinoString(deviceIdOf(this.#board));
  }

  /** The id of the session, or of the last one, 32 hex digits. */
  sessionId(): ArduinoString {
    return new ArduinoString(this.#sessionId);
  }

  /** `USMP_OK`, or why the last thing that was done failed. */
  lastError(): number {
    return this.#lastError?.errno ?? UsmpErrno.OK;
  }

  /** What `lastError()` means, and what to do about it. */
  lastErrorString(): string {
    return this.#lastError === null ? "no error" : `${this.#lastError.code}: ${this.#lastError.message}`;
  }

  /** Writes to stderr what goes on, from `USMP_LOG_LEVEL_ERROR` to `USMP_LOG_LEVEL_DEBUG`. Nothing unless it is called. */
  setLogLevel(level: number): void {
    this.#log.level = level;
  }

  /** Sets the callback for every session; null clears it. */
  onConnect(callback: ConnectionCallback | null): void {
    this.#onConnect = callback;
  }

  /** Sets the callback for the loss of a session; null clears it. */
  onDisconnect(callback: ConnectionCallback | null): void {
    this.#onDisconnect = callback;
  }

  /** Sets the callback for every session but the first, before `onConnect`; null clears it. */
  onReconnect(callback: ConnectionCallback | null): void {
    this.#onReconnect = callback;
  }

  /** Sets the callback for each message; null clears it, and messages wait for `read()`. */
  onMessage(callback: MessageCallback | null): void {
    this.#onMessage = callback;
    if (callback !== null) this.#listen();
  }

  protected override writeBytes(bytes: Uint8Array): number {
    this.#lastError = this.#hasSession ? null : noSession();
    return this.#lastError === null ? (this.#device?.write(bytes) ?? 0) : 0;
  }

  get #hasSession(): boolean {
    return this.#device !== null && this.#device.session !== null;
  }

  get #board(): Board {
    return this.#home ?? this.#device?.board ?? currentBoard();
  }

  async #begin(transport: BoardTransport): Promise<boolean> {
    const device = this.#renewDevice(transport);
    const connected = await device.begin(transport);
    if (connected) {
      this.#persists = true;
      this.#greet(device);
    } else {
      this.#noteFailure();
      if (!this.#persists) await device.close();
    }
    return connected;
  }

  async #reconnect(): Promise<boolean> {
    const device = this.#device;
    if (device === null) {
      this.#lastError = noSession();
      return false;
    }
    this.#received = null;
    const connected = await device.reconnect();
    if (connected) this.#greet(device);
    else this.#noteFailure();
    return connected;
  }

  /** A device to begin with, on the board that this client is for; the one before it ends. */
  #renewDevice(transport: BoardTransport): BoardDevice {
    if (!isBoardTransport(transport)) throw new TypeError("begin() needs USMP.TCP(host) or USMP.UDP(host)");
    const here = currentBoard();
    transport.join();
    void this.#device?.close();
    const device: BoardDevice = new BoardDevice({
      board: this.#home ?? here,
      psk: this.#psk,
      logger: this.#log,
      onTrouble: (error) => {
        if (this.#device === device) this.#lastError = error;
      },
    });
    this.#device = device;
    if (this.#listens) device.listen();
    this.#failed = false;
    this.#received = null;
    this.#lastError = null;
    return device;
  }

  #listen(): void {
    if (this.#listens) return;
    this.#listens = true;
    this.#device?.listen();
  }

  #noteFailure(): void {
    this.#failed = true;
    this.#lastError = this.#device?.lastError ?? null;
  }

  #greet(device: BoardDevice): void {
    const which = device.greet();
    if (which === null) return;
    this.#lastError = null;
    this.#sessionId = device.session?.sessionId ?? this.#sessionId;
    if (which === "again") this.#call("onReconnect callback", this.#onReconnect);
    this.#call("onConnect callback", this.#onConnect);
  }

  /** Gives the callback the next message; false where it has none, or there is none. */
  #deliver(): boolean {
    const callback = this.#onMessage;
    if (callback === null) return false;
    this.#drain();
    const message = this.#received;
    if (message === null) return false;
    this.#received = null;
    this.#call("onMessage callback", () => callback(toUserMessage(message), message.length));
    return true;
  }

  /** Takes the next message into the receive buffer, where that is free. */
  #drain(): void {
    if (this.#received !== null) return;
    const message = this.#device?.receive() ?? null;
    if (message === null) return;
    const buffer = this.#rxBuffer;
    if (buffer !== null && message.length > buffer.length) return this.#overflow(message.length, buffer.length);
    buffer?.set(message);
    this.#received = buffer?.subarray(0, message.length) ?? message;
    this.#lastError = null;
  }

  /** As on the board: what does not fit ends the session. */
  #overflow(length: number, room: number): void {
    const advice = `give USMPClient a larger buffer (${MAX_MESSAGE_LENGTH} bytes hold any), or send less`;
    this.#device?.abandon(
      new UsmpError("PAYLOAD_TOO_LARGE", `a message of ${length} bytes came, and there is room for ${room}: ${advice}`),
    );
  }

  #call(where: string, callback: (() => unknown) | null): void {
    // Of this life: a callback may be async, and fail when the next one has begun.
    const fail = this.#board.failer(where);
    try {
      const running = callback === null ? undefined : this.#board.call(where, callback);
      if (isThenable(running)) Promise.resolve(running).catch(fail);
    } catch (cause) {
      fail(cause);
      throw cause;
    }
  }
}

function noSession(): UsmpError {
  return new UsmpError("NOT_CONNECTED", "there is no session: call begin(), and maintain() in loop()");
}
