import { loadCrypto } from "../../crypto/index.js";
import type { UsmpError } from "../../errors.js";
import type { Logger } from "../../session/event-log.js";
import type { PskSource } from "../../session/psk-source.js";
import type { UsmpSession } from "../../session/session.js";
import type { Dialer, DialOptions, Link } from "../../transport/transport.js";
import { Usmp, type UsmpState } from "../../usmp.js";
import type { Board } from "../board/board.js";
import type { LifeResource } from "../board/life.js";
import { shared } from "../board/shared.js";
import { BoardBackoff } from "./board-backoff.js";
import { deviceIdOf } from "./board-device-id.js";
import type { BoardTransport } from "./usmp.js";

shared.preparations.add(loadCrypto);

/** As the board's library has it. */
const DEFAULT_KEEPALIVE_MS = 30_000;

export interface BoardDeviceOptions {
  readonly board: Board;
  readonly psk: PskSource;
  readonly logger: Logger;
  /** An attempt failed, or a session was lost. */
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
export class BoardDevice implements LifeResource {
  readonly board: Board;
  readonly #usmp: Usmp;
  readonly #backoff: BoardBackoff;
  readonly #onTrouble: (error: UsmpError) => void;
  /** The newest session, whether or not the sketch knows of it, and whether or not it lives. */
  #newest: UsmpSession | null = null;
  /** The session that the sketch knows of. */
  #known: UsmpSession | null = null;
  #hadSession = false;
  /** Messages of sessions that are over, which nobody has taken yet. */
  #leftOver = 0;
  #keepaliveMs = DEFAULT_KEEPALIVE_MS;
  #link: Link | null = null;
  #disown = (): void => {};

  constructor({ board, psk, logger, onTrouble }: BoardDeviceOptions) {
    this.board = board;
    this.#onTrouble = onTrouble;
    this.#backoff = new BoardBackoff(() => board.millis());
    this.#usmp = new Usmp(psk, {
      clock: board.clock,
      deviceId: deviceIdOf(board),
      logger,
      reconnect: () => this.#backoff.nextDelayMs(),
    });
    this.#usmp.observe("connect", (session) => this.#adopt(session));
    this.#usmp.observe("error", (error) => this.#trouble(error));
  }

  get state(): UsmpState {
    return this.#usmp.state();
  }

  /** Why the last attempt, or the last `send`, failed. */
  get lastError(): UsmpError | null {
    return this.#usmp.stats().lastError;
  }

  /** The session that the sketch knows of, where it lives. */
  get session(): UsmpSession | null {
    return this.#known?.isConnected === true ? this.#known : null;
  }

  /** Whether the session that the sketch knows of is over. */
  get isLost(): boolean {
    return this.#known !== null && !this.#known.isConnected;
  }

  /** Connects, once and for all; the first attempt's result. It tries again and again, until `close()`. */
  begin(transport: BoardTransport): Promise<boolean> {
    this.#disown = this.board.own(this);
    this.board.networkEvent();
    return this.#usmp.begin(this.#watched(transport.dialerOn(this.board.network)));
  }

  /** Ends the session, of which the sketch is told nothing, and dials now; that attempt's result. */
  reconnect(): Promise<boolean> {
    this.#newest = null;
    this.#known = null;
    this.board.networkEvent();
    return this.#usmp.reconnect();
  }

  /** The sketch wants messages: from now on none is dropped for want of room, but the gateway has to wait. */
  listen(): void {
    this.#usmp.available();
  }

  /** Lets the sketch know of a new session, where there is one: "again" where this life had one before; else null. */
  greet(): "first" | "again" | null {
    if (this.#newest?.isConnected !== true || this.#newest === this.#known) return null;
    this.#known = this.#newest;
    const which = this.#hadSession ? "again" : "first";
    this.#hadSession = true;
    return which;
  }

  /** The sketch was told that its session is lost. */
  forget(): void {
    this.#known = null;
  }

  /** The oldest message; null where none waits, or it came on a session that the sketch does not know of yet. */
  receive(): Uint8Array | null {
    if (this.session === null && this.#leftOver === 0) return null;
    if (this.#leftOver > 0) this.#leftOver--;
    return this.#usmp.read();
  }

  /** Sends on the session that the sketch knows of, which has to live; the reason why not, or null. */
  send(message: Uint8Array): UsmpError | null {
    this.board.networkEvent();
    return this.#usmp.send(message) ? null : this.lastError;
  }

  /** Gathers text for a message; how many bytes were taken. */
  write(bytes: Uint8Array): number {
    this.board.networkEvent();
    return this.#usmp.write(bytes);
  }

  flush(): void {
    this.board.networkEvent();
    this.#usmp.flush();
  }

  keepalive(keepaliveMs: number): void {
    this.#keepaliveMs = keepaliveMs;
    this.board.networkEvent();
    if (this.#newest?.isConnected === true) this.#newest.keepalive(keepaliveMs);
  }

  /** Ends the session that the sketch knows of without a word, as one that broke. */
  abandon(reason: UsmpError): void {
    this.#known?.abandon(reason);
  }

  /** Ends this life with BYE. Resolves, within a bounded time, when nothing is left. */
  async close(): Promise<void> {
    this.#disown();
    this.#newest = null;
    this.#known = null;
    this.#leftOver = 0;
    this.board.networkEvent();
    const closed = this.#usmp.close();
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

  #adopt(session: UsmpSession): void {
    this.#newest = session;
    this.#backoff.established();
    session.keepalive(this.#keepaliveMs);
    session.observe("message", () => this.board.networkEvent());
    session.observe("close", (reason) => {
      if (session !== this.#newest) return;
      this.#leftOver = this.#usmp.stats().unreadMessages;
      this.#trouble(reason);
    });
    this.board.networkEvent();
  }

  #trouble(error: UsmpError): void {
    this.#onTrouble(error);
    this.board.networkEvent();
  }

  /** Keeps the link, so that it can be cut. */
  #watched(dialer: Dialer): Dialer {
    return {
      kind: dialer.kind,
      connectTimeoutMs: dialer.connectTimeoutMs,
      describe: () => dialer.describe(),
      dial: async (options?: DialOptions) => (this.#link = await dialer.dial(options)),
    };
  }
}
