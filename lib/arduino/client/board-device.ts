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

/** As the board's library has it. */
const DEFAULT_KEEPALIVE_MS = 30_000;

export interface BoardDeviceOptions {
  readonly board: Board;
  readonly psk: PskSource;
  readonly logger: Logger;
  /** An attempt failed. */
  readonly onTrouble: (error: UsmpError) => void;
}

/**
 * A device on a board, by the board's clock and network, from `begin()` to `close()`. Sessions come and go on the event loop; a sketch learns of them
 * when it asks, one thing at a time:
 *
 *     nothing known --greet--> known and alive --its end--> known and lost --forget--> nothing known
 *
 * A session that came and went before the sketch asked never was.
 */
export class BoardDevice implements BootResource {
  readonly board: Board;
  readonly #device: Device;
  readonly #backoff: BoardBackoff;
  readonly #onTrouble: (error: UsmpError) => void;
  /** The newest session, whether or not the sketch knows of it, and whether or not it lives. */
  #newest: OwnedSession | null = null;
  /** The session that the sketch knows of. */
  #known: OwnedSession | null = null;
  #hadSession = false;
  #lastFailure: UsmpError | null = null;
  #keepaliveMs = DEFAULT_KEEPALIVE_MS;
  /** Of the newest attempt; null while there is none yet. */
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
    // A message that is not read is never dropped on a board: the gateway has to wait.
    this.#device.inbox.interest();
  }

  get kind(): BoardTransport["kind"] | null {
    return this.#kind;
  }

  get state(): ReconnectState["name"] {
    return this.#device.state;
  }

  /** Why the last attempt failed, in the board's words: it knows no timeout for a gateway that it did not reach. */
  get lastError(): UsmpError | null {
    return this.#asOnBoard(this.#lastFailure);
  }

  /** The session that the sketch knows of, also where it is over and the sketch was not told yet. */
  get session(): UsmpSession | null {
    return this.#known?.session ?? null;
  }

  /** Why the session that the sketch knows of is over; null where it lives, or there is none. */
  get lossReason(): UsmpError | null {
    return this.#known === null || this.#known.session.isConnected ? null : this.#lossReason;
  }

  /** Whether an attempt came to nothing after the last session, if there was one. */
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

  /** Connects, once and for all; the first attempt's result. It tries again and again, until `close()`. */
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

  /** Ends the session, of which the sketch is told nothing, and dials now; that attempt's result. */
  reconnect(): Promise<boolean> {
    this.#newest = null;
    this.forget();
    this.board.networkEvent();
    if (this.#device.isIdle) this.#lastFailure = new UsmpError("NOT_CONNECTED", "there is no connection to renew");
    return this.#device.reconnect();
  }

  /** The sketch leaves a message unread, so nothing more is read from the network; or it has read it. */
  hold(unread: boolean): void {
    if (unread === this.#holds) return;
    this.#holds = unread;
    if (unread) this.#device.inbox.hold();
    else this.#device.inbox.release();
  }

  /** Lets the sketch know of a new session, where there is one: "again" where this life had one before; else null. */
  greet(): "first" | "again" | null {
    if (this.#newest?.session.isConnected !== true || this.#newest === this.#known) return null;
    this.#known = this.#newest;
    const which = this.#hadSession ? "again" : "first";
    this.#hadSession = true;
    return which;
  }

  /** The sketch was told that its session is lost. */
  forget(): void {
    this.#known = null;
    this.hold(false);
  }

  /** The oldest message; null where none waits, or it came on a session that the sketch does not know of yet. */
  receive(): Uint8Array | null {
    const { inbox } = this.#device;
    // Of a session that came and went the sketch learns nothing but its messages.
    const isLeftOver = this.#newest !== null && inbox.first?.session.isConnected === false;
    return this.#known?.session.isConnected === true || isLeftOver ? inbox.take() : null;
  }

  /** Sends on the session that the sketch knows of; the reason why not, or null. An end that was not noticed yet is, now. */
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

  /** Ends the session that the sketch knows of without a word, as one that broke. */
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
    // A sketch that stops waits for it; where the board is gone meanwhile, BYE is on its way already.
    this.#disown = this.board.own({ drop: () => {}, close: () => closed });
    const disown = this.#disown;
    await closed;
    disown();
  }

  /** The board is gone: so are its links, and nobody is told. */
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

  /** Keeps the link, so that it can be cut, and makes it a board's. */
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
