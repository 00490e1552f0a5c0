import { requireBytes, requireCallback } from "../../core/arguments.js";
import { isBytes, isThenable } from "../../core/kinds.js";
import { isUsmpError, UsmpErrno, UsmpError } from "../../errors.js";
import { PrintBuffer } from "../../device/print-buffer.js";
import { toUserMessage } from "../../session/message.js";
import { checkNumber } from "../../session/options.js";
import { keepKeys, type PskSource } from "../../session/psk-source.js";
import type { Board } from "../board/board.js";
import { boardOfSketch, currentBoard } from "../board/current-board.js";
import { ArduinoString, type TextLike } from "../text/arduino-string.js";
import { byteStringOf, textOf } from "../text/byte-text.js";
import { bytesToSend } from "../text/bytes-to-send.js";
import { bytesBeforeNul, isCharArray } from "../text/char-array.js";
import { Print } from "../text/print.js";
import { BoardDevice } from "./board-device.js";
import { checkKeyAndBuffer } from "./client-arguments.js";
import { deviceIdOf } from "./board-device-id.js";
import { boardStateOf, stateAfterFailure } from "./board-state.js";
import { ClientLog } from "./client-log.js";
import { USMP_STATE_ERROR, USMP_STATE_ESTABLISHED, USMP_STATE_IDLE } from "./constants.js";
import { ReceiveBuffer } from "./receive-buffer.js";
import { isBoardTransport, type BoardTransport, type USMPArduinoTcpCtx, type USMPArduinoUdpCtx } from "./usmp.js";

/** The callback may keep `data`, unless the client was given a receive buffer: then `data` is a view of that. */
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
 * Callbacks run within `maintain()`, one event at a time as on the board (a loss, a new session, or one message), and
 * at the end of an awaited `begin()` or `reconnect()`. `onDisconnect` runs wherever the client notices a loss: also
 * within `send()`, `print()`, `flush()`, `available()` and `read()`. Callbacks cannot wait. One that throws ends the
 * sketch.
 *
 * Printed text is collected, and sent as one message at each newline, at 452 bytes, on `flush()`, and before a
 * `send()`. Without a session it is refused.
 *
 * Unlike on a board, the network is served while the sketch waits or does not call `maintain()`. So a session survives
 * a long `delay()`, and after a loss the next session may exist before the sketch learns of the loss.
 */
export class USMPClient extends Print {
  /** One copy for all devices; or the error that `begin()` reports, as on the board. */
  readonly #psk: PskSource | UsmpError;
  readonly #rx: ReceiveBuffer;
  readonly #log = new ClientLog();
  /**
   * The board of the sketch that created it; null if created outside of any: then the sketch that calls `begin()`
   * counts.
   */
  readonly #home = boardOfSketch();
  #device: BoardDevice | null = null;
  #sessionId = NO_SESSION_ID;
  #lastError: UsmpError | null = null;
  /** Whether it retries failed attempts: from the first session on; with `beginAsync` once a gateway was reached. */
  #persists = false;
  /** The state while there is neither a session nor an attempt. */
  #endState: number = USMP_STATE_IDLE;
  /** Printed text that was not sent yet. */
  readonly #print = new PrintBuffer((message) => this.#transmit(message));
  #onConnect: ConnectionCallback | null = null;
  #onDisconnect: ConnectionCallback | null = null;
  #onReconnect: ConnectionCallback | null = null;
  #onMessage: MessageCallback | null = null;

  /**
   * Takes a key as text, or as bytes and their number, and optionally a receive buffer instead of one for 1808 bytes.
   * With a key of fewer than 16 bytes, `begin()` returns false with `USMP_ERR_INVALID_ARG`.
   * @throws TypeError for a value that cannot be a key
   */
  constructor(psk: TextLike, rxBuffer?: Uint8Array, rxBufferSize?: number);
  constructor(psk: Uint8Array, pskLen: number, rxBuffer?: Uint8Array, rxBufferSize?: number);
  constructor(psk: TextLike | Uint8Array, ...rest: (Uint8Array | number | undefined)[]) {
    super();
    if (isCharArray(psk) && typeof rest[0] !== "number") {
      psk = bytesBeforeNul(psk);
      rest.unshift(psk.length);
    }
    const pskLen = isBytes(psk) ? (rest.shift() as number) : undefined;
    const [rxBuffer, rxBufferSize] = rest as [Uint8Array | undefined, number | undefined];
    checkKeyAndBuffer(psk, pskLen, rxBuffer, rxBufferSize);
    this.#psk = keyOf(isBytes(psk) ? psk.subarray(0, pskLen) : psk.toString());
    this.#rx = new ReceiveBuffer(rxBuffer?.subarray(0, rxBufferSize) ?? null);
  }

  /**
   * Connects. Resolves with true after `onConnect` has run. If it fails, it resolves with false, and
   * `lastErrorString()` says why. As on the board, it then does not retry unless there was a session since the last
   * `close()`. Resets the keepalive to 30 s. The second argument has a meaning on the board only.
   */
  begin(transport: BoardTransport, _context?: USMPArduinoTcpCtx | USMPArduinoUdpCtx): Promise<boolean> {
    return currentBoard().waitFor(this.#begin(transport), "usmp.begin()");
  }

  /**
   * As `begin`, but returns true at once, and `maintain()` calls `onConnect`. Once a gateway was reached, it retries
   * until `close()`. If the first attempt reaches no gateway, it does not retry, as on the board, where `beginAsync()`
   * returns false in that case: `state()` is neither connecting nor established, and `lastError()` says why. Returns
   * false if the key is too short.
   */
  beginAsync(transport: BoardTransport, _context?: USMPArduinoTcpCtx | USMPArduinoUdpCtx): boolean {
    const device = this.#renewDevice(transport);
    if (device === null) return false;
    void device.begin(transport).then((connected) => {
      if (connected || device.isReached) this.#persists ||= !device.isClosed;
      if (!connected) void this.#noteFailure(device);
    });
    return true;
  }

  /**
   * Ends the session, if any, and connects again. True after `onReconnect` and `onConnect` have run. False before
   * `begin()`.
   */
  reconnect(): Promise<boolean> {
    return currentBoard().waitFor(this.#reconnect(), "usmp.reconnect()");
  }

  /** Sends BYE and stops reconnecting. `onDisconnect` is not called. */
  close(): void {
    void this.#device?.close();
    this.#reset();
    this.#persists = false;
  }

  /** Runs the callback for the next event, if there is one. Call it in each turn of `loop()`. */
  maintain(): void {
    this.#board.polled();
    const device = this.#device;
    if (device === null) return;
    const wasUnread = this.#rx.isFull;
    if (device.session === null) this.#greet(device);
    else this.#deliver();
    device.hold(wasUnread && this.#rx.isFull);
    // An unread message holds back BYE, but not a PING that fails.
    const reason = device.lossReason;
    if (reason !== null && this.#rx.isFull && reason.code !== "BYE") this.#lose(device);
  }

  /** Whether a message waits to be read. An unread message holds back everything after it. */
  available(): boolean {
    this.#board.polled();
    this.#drain();
    return this.#rx.isFull;
  }

  /** The next message as text; `""` if none waits. */
  read(): ArduinoString;
  /** Copies the next message, cut to `maxLen` bytes. Returns the number of bytes; 0 if none waits. */
  read(buf: Uint8Array, maxLen?: number): number;
  read(buf?: Uint8Array, maxLen: number = buf?.length ?? 0): ArduinoString | number {
    if (buf !== undefined) requireBytes("buf", buf);
    this.#drain();
    const message = this.#rx.take();
    this.#device?.hold(false);
    if (buf === undefined) return new ArduinoString(message === null ? "" : textOf(byteStringOf(message)));
    if (message === null) return 0;
    const copied = message.subarray(0, Math.min(maxLen, buf.length));
    buf.set(copied);
    return copied.length;
  }

  /** Sends one message of at most 1808 bytes; a `char` array up to its NUL. If false, see `lastErrorString()`. */
  send(text: TextLike): boolean;
  send(data: Uint8Array, len?: number): boolean;
  send(data: TextLike | Uint8Array, len?: number): boolean {
    const message = bytesToSend("send", data, len);
    this.#print.flush();
    return this.#transmit(message);
  }

  /** Sends printed text that was not sent yet. */
  override flush(): void {
    this.#print.flush();
  }

  /** Whether there is a session, as far as the sketch knows: true until `onDisconnect` is called. */
  alive(): boolean {
    this.#board.polled();
    return this.#hasSession;
  }

  /** Whether it is about to connect. */
  isConnecting(): boolean {
    const state = this.state();
    return state > USMP_STATE_IDLE && state < USMP_STATE_ESTABLISHED;
  }

  /** The state, `USMP_STATE_IDLE` to `USMP_STATE_ERROR`. */
  state(): number {
    this.#board.polled();
    return (this.#device && boardStateOf(this.#device)) ?? this.#endState;
  }

  /**
   * Sets after how many milliseconds of silence it sends PING; 0 for never. Call it after `begin()`, which sets 30,000.
   */
  keepalive(ms: number): void {
    checkNumber("keepaliveMs", ms, 0);
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

  /** `USMP_OK`, or the error of the last operation. */
  lastError(): number {
    return this.#lastError?.errno ?? UsmpErrno.OK;
  }

  /** What `lastError()` means, and what to do about it. */
  lastErrorString(): string {
    return this.#lastError === null ? "no error" : `${this.#lastError.code}: ${this.#lastError.message}`;
  }

  /** Logs to stderr up to this level, `USMP_LOG_LEVEL_ERROR` to `USMP_LOG_LEVEL_DEBUG`. By default it logs nothing. */
  setLogLevel(level: number): void {
    checkNumber("level", level, 0);
    this.#log.level = level;
  }

  /** Sets the callback for every session; null clears it. */
  onConnect(callback: ConnectionCallback | null): void {
    this.#onConnect = requireCallback("onConnect", callback);
  }

  /** Sets the callback for the loss of a session; null clears it. */
  onDisconnect(callback: ConnectionCallback | null): void {
    this.#onDisconnect = requireCallback("onDisconnect", callback);
  }

  /** Sets the callback for every session but the first, before `onConnect`; null clears it. */
  onReconnect(callback: ConnectionCallback | null): void {
    this.#onReconnect = requireCallback("onReconnect", callback);
  }

  /** Sets the callback for each message; null clears it, and messages wait for `read()`. */
  onMessage(callback: MessageCallback | null): void {
    this.#onMessage = requireCallback("onMessage", callback);
  }

  protected override writeBytes(bytes: Uint8Array): number {
    if (this.#hasSession) return this.#print.write(bytes);
    this.#lastError = noSession();
    return 0;
  }

  get #hasSession(): boolean {
    return this.#device !== null && this.#device.session !== null;
  }

  get #board(): Board {
    return this.#home ?? this.#device?.board ?? currentBoard();
  }

  async #begin(transport: BoardTransport): Promise<boolean> {
    const device = this.#renewDevice(transport);
    if (device === null) return false;
    const connected = await device.begin(transport);
    if (connected) {
      this.#persists = true;
      this.#greet(device);
    } else {
      await this.#noteFailure(device);
    }
    return connected;
  }

  async #reconnect(): Promise<boolean> {
    const device = this.#device;
    if (device === null) {
      this.#lastError = noSession();
      return false;
    }
    this.#rx.take();
    this.#print.clear();
    const connected = await device.reconnect();
    if (connected) this.#greet(device);
    else this.#lastError = device.lastError;
    return connected;
  }

  /** Ends the old device, and creates one on this client's board. Null if the key is too short. */
  #renewDevice(transport: BoardTransport): BoardDevice | null {
    if (!isBoardTransport(transport)) throw new TypeError("begin() needs USMP.TCP(host) or USMP.UDP(host)");
    const here = currentBoard();
    transport.join();
    void this.#device?.close();
    this.#reset();
    if (isUsmpError(this.#psk)) {
      this.#device = null;
      this.#lastError = this.#psk;
      this.#endState = USMP_STATE_ERROR;
      return null;
    }
    const device: BoardDevice = new BoardDevice({
      board: this.#home ?? here,
      psk: this.#psk,
      logger: this.#log,
      onTrouble: (error) => {
        if (this.#device === device) this.#lastError = error;
      },
    });
    this.#device = device;
    return device;
  }

  /** Resets the client to its initial state, at `begin()` and `close()`. */
  #reset(): void {
    this.#endState = USMP_STATE_IDLE;
    this.#rx.take();
    this.#lastError = null;
    this.#print.clear();
  }

  /** Notes that the first attempt failed. */
  async #noteFailure(device: BoardDevice): Promise<void> {
    if (device.isClosed) return;
    this.#lastError = device.lastError;
    this.#endState = stateAfterFailure(device);
    if (!this.#persists) await device.close();
  }

  /** Sends on the session that the sketch knows of. */
  #transmit(message: Uint8Array): boolean {
    const device = this.#device;
    if (device === null || device.session === null) {
      this.#lastError = noSession();
      return false;
    }
    this.#lastError = device.send(message);
    if (device.lossReason !== null) this.#lose(device);
    return this.#lastError === null;
  }

  /** Reports a loss to the sketch. */
  #lose(device: BoardDevice): void {
    this.#lastError = device.lossReason;
    device.forget();
    this.#print.clear();
    this.#call("onDisconnect callback", this.#onDisconnect);
  }

  #greet(device: BoardDevice): void {
    const which = device.greet();
    if (which === null) return;
    this.#lastError = null;
    this.#sessionId = device.session?.sessionId ?? this.#sessionId;
    if (which === "again") this.#call("onReconnect callback", this.#onReconnect);
    this.#call("onConnect callback", this.#onConnect);
  }

  /** Passes the next message to the callback, if there is one. */
  #deliver(): void {
    this.#drain();
    const callback = this.#onMessage;
    const message = callback && this.#rx.take();
    if (callback === null || message === null) return;
    this.#call("onMessage callback", () => callback(toUserMessage(message), message.length));
  }

  /** Moves the next message into the receive buffer if it is free. Notices a loss after the last message. */
  #drain(): void {
    const device = this.#device;
    if (device === null || this.#rx.isFull) return;
    if (this.#rx.fill(device)) this.#lastError = null;
    else if (device.lossReason !== null) this.#lose(device);
  }

  #call(where: string, callback: (() => unknown) | null): void {
    // The handler of this life: an async callback may fail when the next life has begun.
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

/** @throws TypeError for a value that cannot be a key */
function keyOf(psk: Uint8Array | string): PskSource | UsmpError {
  try {
    return keepKeys(psk);
  } catch (cause) {
    if (isUsmpError(cause)) return cause;
    throw cause;
  }
}

function noSession(): UsmpError {
  return new UsmpError("NOT_CONNECTED", "there is no session: call begin(), and maintain() in loop()");
}
