import { loadCrypto } from "../../crypto/index.js";
import { toUsmpError, UsmpError } from "../../errors.js";
import { Device } from "../../device/device.js";
import { DEFAULT_DEVICE_SETTINGS, type DeviceSettings } from "../../device/dial.js";
import { parseReconnect, type ReconnectState } from "../../device/reconnect-machine.js";
import { droppedFields, errorFields, EventLog, type Logger } from "../../session/event-log.js";
import { withDefaults } from "../../session/options.js";
import { createPskLookup, type PskSource } from "../../session/psk-source.js";
import { RefusedSends } from "../../session/refused-sends.js";
import type { OwnedSession, UsmpSession } from "../../session/session.js";
import { logStatus } from "../../session/status.js";
import type { Dialer, DialOptions } from "../../transport/transport.js";
import type { Board } from "../board/board.js";
import type { BootResource } from "../board/boot-cycle.js";
import { shared } from "../board/shared.js";
import { BoardBackoff } from "./board-backoff.js";
import { deviceIdOf } from "./board-device-id.js";
import { BoardLink } from "./board-link.js";
import type { BoardTransport } from "./usmp.js";

shared.preparations.add(loadCrypto);

/** The default of the board's library. */
const DEFAULT_KEEPALIVE_MS = 30_000;

interface BoardDeviceOptions {
  readonly board: Board;
  readonly psk: PskSource;
  readonly logger: Logger;
  /** An attempt failed. */
  readonly onTrouble: (error: UsmpError) => void;
}

/**
 * A device on a board, with the board's clock and network, from `begin()` to `close()`. Sessions start and end on the
 * event loop. A sketch learns of them when it asks, one event at a time:
 *
 *     nothing known --greet--> known and alive --its end--> known and lost --forget--> nothing known
 *
 * The sketch never learns of a session that started and ended between two of its questions.
 */
export class BoardDevice implements BootResource {
  readonly board: Board;
  readonly #device: Device;
  readonly #backoff: BoardBackoff;
  readonly #onTrouble: (error: UsmpError) => void;
  /** The newest session, even if the sketch does not know of it, and even if it has ended. */
  #newest: OwnedSession | null = null;
  /** The session that the sketch knows of. */
  #known: OwnedSession | null = null;
  #hadSession = false;
  #lastFailure: UsmpError | null = null;
  #keepaliveMs = DEFAULT_KEEPALIVE_MS;
  /** The link of the newest attempt; null before the first. */
  #link: BoardLink | null = null;
  /** Why the session that the sketch knows of ended. */
  #lossReason: UsmpError | null = null;
  #lastAttemptFailed = false;
  #kind: BoardTransport["kind"] | null = null;
  #isClosed = false;
  #holds = false;
  #disown = (): void => {};

  constructor({ board, psk, logger, onTrouble }: BoardDeviceOptions) {
    this.board = board;
    this.#onTrouble = onTrouble;
    this.#backoff = new BoardBackoff(() => board.millis());
    const { clock } = board;
    const log = new EventLog(logger, clock);
    this.#device = new Device(
      {
        lookupPsk: createPskLookup(psk),
        settings: withDefaults<DeviceSettings>(DEFAULT_DEVICE_SETTINGS, { clock, logger }),
        backoff: parseReconnect(() => this.#backoff.nextDelayMs()),
        deviceId: deviceIdOf(board),
        offlineQueue: null,
        // `send` returns the reason, and the sketch asks for it.
        refusedSends: new RefusedSends(() => {}),
      },
      {
        onConnect: (session) => this.#adopt(session),
        onDisconnect: (reason, session) => this.#lose(reason, session),
        // Messages wait until the sketch asks.
        onMessage: () => false,
        onArrival: () => board.networkEvent(),
        onDrain: () => {},
        onDropped: (reason, session) => log.log("warn", "message.dropped", () => droppedFields(reason, session)),
        onStatus: (status) => logStatus(log, status),
        onFailed: (error) => this.#fail(error),
        onError: (error) => log.log("error", "handler.error", () => errorFields(error)),
      },
    );
    // A board never drops an unread message. The gateway has to wait.
    this.#device.inbox.interest();
  }

  get kind(): BoardTransport["kind"] | null {
    return this.#kind;
  }

  get state(): ReconnectState["name"] {
    return this.#device.state;
  }

  /** Why the last attempt failed, as the board reports it: it has no TIMEOUT for a gateway that it did not reach. */
  get lastError(): UsmpError | null {
    return this.#asOnBoard(this.#lastFailure);
  }

  /** The session that the sketch knows of, even if it has ended and the sketch does not know that yet. */
  get session(): UsmpSession | null {
    return this.#known?.session ?? null;
  }

  /** Why the session that the sketch knows of has ended; null if it has not, or if there is none. */
  get lossReason(): UsmpError | null {
    return this.#known === null || this.#known.session.isConnected ? null : this.#lossReason;
  }

  /** Whether an attempt has failed since the last session. */
  get lastAttemptFailed(): boolean {
    return this.#lastAttemptFailed;
  }

  /** Whether `close()` was called. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether the newest attempt reached a gateway: over TCP its port, over UDP with an answer. */
  get isReached(): boolean {
    return this.#link?.isAnswered === true;
  }

  /** Connects, and tries again until `close()`. Resolves with the first attempt's result. Call it once. */
  begin(transport: BoardTransport): Promise<boolean> {
    this.#disown = this.board.own(this);
    this.#kind = transport.kind;
    this.board.networkEvent();
    const dialer = this.#watched(transport.dialerOn(this.board.network));
    return this.#device.begin(dialer).catch((error: unknown) => {
      this.#lastFailure = toUsmpError(error);
      return false;
    });
  }

  /** Ends the session without notice to the sketch, and dials now. Resolves with that attempt's result. */
  reconnect(): Promise<boolean> {
    this.#newest = null;
    this.forget();
    this.board.networkEvent();
    if (this.#device.isIdle) this.#lastFailure = new UsmpError("NOT_CONNECTED", "there is no connection to renew");
    return this.#device.reconnect();
  }

  /** While `unread`, nothing more is read from the network: the sketch has a message that it has not read. */
  hold(unread: boolean): void {
    if (unread === this.#holds) return;
    this.#holds = unread;
    if (unread) this.#device.inbox.hold();
    else this.#device.inbox.release();
  }

  /** Reports a new session to the sketch: "again" if this life had one before; null if there is none. */
  greet(): "first" | "again" | null {
    if (this.#newest?.session.isConnected !== true || this.#newest === this.#known) return null;
    this.#known = this.#newest;
    const which = this.#hadSession ? "again" : "first";
    this.#hadSession = true;
    return which;
  }

  /** The sketch knows now that its session is lost. */
  forget(): void {
    this.#known = null;
    this.hold(false);
  }

  /** The oldest message; null if none waits, or if it arrived on a session that the sketch does not know of yet. */
  receive(): Uint8Array | null {
    const { inbox } = this.#device;
    // Of a session that started and ended meanwhile, the sketch gets only the messages.
    const isLeftOver = this.#newest !== null && inbox.first?.session.isConnected === false;
    return this.#known?.session.isConnected === true || isLeftOver ? inbox.take() : null;
  }

  /**
   * Sends on the session that the sketch knows of. Returns null, or why it failed. Notices a hidden end of the session.
   */
  send(message: Uint8Array): UsmpError | null {
    this.board.networkEvent();
    this.#link?.notice();
    return this.lossReason ?? this.#device.outgoing.send(message) ?? this.lossReason;
  }

  keepalive(keepaliveMs: number): void {
    this.#keepaliveMs = keepaliveMs;
    this.board.networkEvent();
    if (this.#newest?.session.isConnected === true) this.#newest.session.keepalive(keepaliveMs);
  }

  /** Ends the session that the sketch knows of without BYE, as if it broke. */
  abandon(reason: UsmpError): void {
    this.#known?.abandon(reason);
  }

  /** Ends this life with BYE. Resolves, within a bounded time, when nothing is left. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#disown();
    this.#newest = null;
    this.#known = null;
    this.board.networkEvent();
    const closed = this.#device.close();
    // A sketch that stops waits for it. If the board is dropped meanwhile, BYE has already left.
    this.#disown = this.board.own({ drop: () => {}, close: () => closed });
    const disown = this.#disown;
    await closed;
    disown();
  }

  /** The board is gone: drops its links without notice. */
  drop(): void {
    this.board.network?.silence();
    this.#link?.destroy();
    void this.close();
  }

  #adopt(owned: OwnedSession): void {
    this.#newest = owned;
    this.#backoff.established();
    owned.session.keepalive(this.#keepaliveMs);
    this.#lastAttemptFailed = false;
    this.#link?.hideEnd();
    this.board.networkEvent();
  }

  #lose(reason: UsmpError, owned: OwnedSession): void {
    this.#lastFailure = reason;
    if (owned === this.#known) this.#lossReason = reason;
    if (owned === this.#newest) this.board.networkEvent();
  }

  #fail(error: UsmpError): void {
    this.#lastFailure = error;
    this.#lastAttemptFailed = true;
    this.#onTrouble(this.#asOnBoard(error) ?? error);
    this.board.networkEvent();
  }

  #asOnBoard(error: UsmpError | null): UsmpError | null {
    if (error?.code !== "TIMEOUT" || this.isReached) return error;
    return new UsmpError("TRANSPORT", error.message, { cause: error });
  }

  /** A dialer that keeps its link, so that it can be cut, and makes it behave as a board's. */
  #watched(dialer: Dialer): Dialer {
    return {
      connectTimeoutMs: dialer.connectTimeoutMs,
      describe: () => dialer.describe(),
      dial: async (options?: DialOptions) => {
        this.#link = null;
        return (this.#link = new BoardLink(await dialer.dial(options)));
      },
    };
  }
}
