import { refuseArgument, requireFunctions } from "../core/arguments.js";
import { ownMembers } from "../core/own-members.js";
import type { BoardNetwork } from "../arduino/board/network.js";
import { parseDeviceId } from "../core/wire/device-id.js";
import type { Psk } from "../core/handshake/psk.js";
import type { GatewaySettings } from "../gateway/accept.js";
import { emitterOf } from "../session/emitter.js";
import { toBytes, type Sendable } from "../session/message.js";
import { createPskLookup, type PskTable } from "../session/psk-source.js";
import { checkNumber, requireOptions, type Given } from "../session/options.js";
import type { UsmpSession } from "../session/session.js";
import type { Dialer } from "../transport/transport.js";
import { Usmp } from "../usmp.js";
import { shown, TestJournal } from "./test-journal.js";
import { TestNetwork, type NetworkConditions } from "./test-network.js";
import type { PluggedBoard, VirtualNetwork } from "./virtual-network.js";
import { VirtualClock } from "./virtual-clock.js";

const DEFAULT_SEED = 1;
const DEFAULT_WITHIN_MS = 10_000;
const DEFAULT_DOWN_MS = 1_000;
/** Longer than any operation of a gateway takes on its own, in milliseconds. */
const LONGEST_STEP_MS = 60_000;
/** In effect no lockout: in a test of wrong keys, the right key works again at once. */
const NO_LOCKOUT = { lockoutAfterFailures: 10_000_000 };

export interface TestGatewayOptions extends Given<Omit<GatewaySettings, "clock">> {
  /** The key of every device, or a table by device id. */
  readonly psk: Psk | PskTable;
  /** Conditions for the messages. Default: each takes 1 ms, and none is lost. */
  readonly conditions?: NetworkConditions | undefined;
  /** Seeds the random conditions: the same seed repeats the same run. Default 1. */
  readonly seed?: number | undefined;
  /** The clock of everything that is connected. Default: a new one, at 0. */
  readonly clock?: VirtualClock | undefined;
}

/** A message that the gateway has received. */
export interface GatewayMessage {
  /** In milliseconds since the gateway was made. */
  readonly atMs: number;
  readonly deviceId: string;
  readonly data: Uint8Array;
  readonly text: string;
}

export interface WaitOptions {
  /** Of this device alone. */
  readonly deviceId?: string | undefined;
  /** How far the call may move time, in milliseconds. Default 10,000. */
  readonly withinMs?: number | undefined;
}

/**
 * A gateway for tests: this library's own gateway, on a network in memory and on simulated time. `next()`,
 * `waitForSession()` and the other waiting methods move that time. The gateway listens as soon as it is constructed,
 * over TCP and UDP alike, for any host and port that a device names.
 */
export class TestGateway implements VirtualNetwork, AsyncDisposable {
  readonly clock: VirtualClock;
  readonly seed: number;
  /** Every message so far. */
  readonly messages: readonly GatewayMessage[];
  /** The gateway itself, for everything else that a test needs: `gateway.usmp.onMessage(...)`. */
  readonly usmp: Usmp;
  /**
   * Resolves when the gateway listens. The methods here that move time wait for it; await it before you move the clock
   * yourself.
   */
  readonly ready: Promise<void>;
  readonly #network: TestNetwork;
  readonly #journal: TestJournal;
  readonly #boards = new Map<string, PluggedBoard>();
  readonly #messages: GatewayMessage[] = [];
  /** Messages that no `next()` has returned yet. */
  readonly #untaken: GatewayMessage[] = [];
  #refusing = false;

  /** @throws UsmpError INVALID_ARG for a bad key or option. */
  constructor(options: TestGatewayOptions) {
    requireOptions(options, "an object with psk");
    const given = ownMembers(options);
    const { psk, conditions = {}, seed = DEFAULT_SEED, clock = new VirtualClock(), ...settings } = given;
    requireFunctions("clock", clock, ["now", "after", "advanceUntil", "stir"], "a VirtualClock");
    this.clock = clock;
    this.seed = seed;
    this.messages = this.#messages;
    this.#network = new TestNetwork(clock, seed, conditions);
    this.#journal = new TestJournal(clock);
    const lookup = createPskLookup(psk);
    this.usmp = new Usmp(
      { lookup: (deviceId) => (this.#refusing ? null : lookup(parseDeviceId(deviceId))), givesCopies: true },
      { ...NO_LOCKOUT, ...settings, clock },
    );
    this.#watch();
    this.ready = this.#listen();
  }

  /** Conditions for the messages sent from now on. */
  get conditions(): NetworkConditions {
    return this.#network.conditions;
  }

  set conditions(conditions: NetworkConditions) {
    this.#network.conditions = conditions;
  }

  /** Whether any device has a session. */
  get connected(): boolean {
    return this.sessions.length > 0;
  }

  get sessions(): readonly UsmpSession[] {
    return this.usmp.sessions();
  }

  /** The session of this device, or the only session. Throws if there is none, or more than one. */
  session(deviceId?: string): UsmpSession {
    checkDeviceId(deviceId);
    const found = deviceId === undefined ? this.sessions : this.sessions.filter((each) => each.deviceId === deviceId);
    const [session] = found;
    if (session === undefined) {
      throw this.#error(
        `${deviceId === undefined ? "no device has a" : `${deviceId} has no`} session: await waitForSession()`,
      );
    }
    if (found.length === 1) return session;
    throw this.#error(`${found.length} devices have a session: name one, such as "${session.deviceId}"`);
  }

  /**
   * Resolves with the text of the next message, and moves time until it arrives. Rejects if none arrives within 10 s,
   * or if a sketch fails.
   */
  async next(options?: WaitOptions): Promise<string> {
    return (await this.nextMessage(options)).text;
  }

  /** As `next`, with the bytes of the message. */
  async nextBytes(options?: WaitOptions): Promise<Uint8Array> {
    return (await this.nextMessage(options)).data;
  }

  /** As `next`, with the time and the device id of the message. */
  async nextMessage(options: WaitOptions = {}): Promise<GatewayMessage> {
    const { deviceId, withinMs } = waitOptions(options, DEFAULT_WITHIN_MS);
    const find = (): number => this.#untaken.findIndex((each) => deviceId === undefined || each.deviceId === deviceId);
    if (!(await this.#until(() => find() >= 0, withinMs))) {
      throw this.#error(`no message came${ofDevice(deviceId)} within ${withinMs} ms`);
    }
    return this.#untaken.splice(find(), 1)[0]!;
  }

  /**
   * Moves time by `ms` milliseconds. Rejects if a message that no `next()` has returned is there already, or arrives
   * meanwhile.
   */
  async expectNothing(ms: number): Promise<void> {
    checkNumber("ms", ms, 0);
    if (!(await this.#until(() => this.#untaken.length > 0, ms))) return;
    throw this.#error(`a message is there, ${shown(this.#untaken[0]!.data)}, where none was expected`);
  }

  /** Sends a message to this device, or to the only one. Throws if there is no session, or no room. */
  send(message: Sendable, deviceId?: string): void {
    const data = toBytes(message);
    const session = this.session(deviceId);
    if (!session.send(data)) throw this.#error(`the message was not sent: ${session.lastError?.message ?? ""}`);
    this.clock.stir();
  }

  /**
   * Moves time until there is a session, and resolves with it: at once if one exists already, even that of a board
   * whose power was cut. Wait for the end of such a session with `waitForDisconnect()`. The device learns of its
   * session as soon as the network has carried the answer. Rejects if there is no session within 10 s, or if a sketch
   * fails.
   */
  async waitForSession(options: WaitOptions = {}): Promise<UsmpSession> {
    const { deviceId, withinMs } = waitOptions(options, DEFAULT_WITHIN_MS);
    if (await this.#until(() => this.#has(deviceId), withinMs)) return this.session(deviceId);
    throw this.#error(`no session came${ofDevice(deviceId)} within ${withinMs} ms`);
  }

  /**
   * Moves time until the gateway has no session. Rejects if it still has one after `withinMs`. Default: 90 s, because
   * the gateway notices a silent device after 60 s.
   */
  async waitForDisconnect(options: WaitOptions = {}): Promise<void> {
    const { deviceId, withinMs } = waitOptions(options, 90_000);
    if (await this.#until(() => !this.#has(deviceId), withinMs)) return;
    throw this.#error(`a session${ofDevice(deviceId)} was still there after ${withinMs} ms`);
  }

  /** Stops all traffic, and reports nothing to either end: a pulled cable. */
  loseNetwork(): void {
    this.#journal.add("the network was lost");
    this.#network.lose();
  }

  /** Restores the network. TCP data sent meanwhile arrives now if its connection still exists. */
  restoreNetwork(): void {
    this.#journal.add("the network came back");
    this.#network.restore();
  }

  /**
   * Breaks every TCP connection, and reports it to both ends at once. A board notices, as in reality, when it next
   * sends, or at its next PING. UDP has no connection to break.
   */
  dropConnection(): void {
    this.#journal.add("the connections were dropped");
    this.#network.cut();
  }

  /** Refuses the key of every device from now on. Existing sessions continue. */
  refuseKey(): void {
    this.#refusing = true;
  }

  acceptKey(): void {
    this.#refusing = false;
  }

  /**
   * Stops the gateway, sessions with BYE, and starts it again after `downMs` milliseconds (default 1,000). Moves time
   * by that much.
   */
  async restart(options: { readonly downMs?: number | undefined } = {}): Promise<void> {
    const { downMs = DEFAULT_DOWN_MS } = ownMembers(options);
    checkNumber("downMs", downMs, 0);
    const upAt = this.clock.now() + downMs;
    await this.close();
    await this.clock.advance(Math.max(upAt - this.clock.now(), 0));
    await this.#settled(this.#listen());
  }

  /** Stops the gateway, sessions with BYE. Moves time as far as that takes. */
  async close(): Promise<void> {
    await this.ready;
    await this.#settled(this.usmp.close());
    this.#journal.add("the gateway stopped");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * A dialer for a device of this library, as a host of its own: `client.begin(gateway.transport())`. The device needs
   * this `clock`, too.
   */
  transport(kind: "tcp" | "udp" = "tcp"): Dialer {
    const given: string = kind;
    if (given !== "tcp" && given !== "udp") refuseArgument("kind", given, '"tcp" or "udp"');
    return this.#network.plugIn().dialer(kind, "gateway", 0);
  }

  /** Connects a board. Throws if a board with this id is connected already. */
  plugIn(board: PluggedBoard): BoardNetwork {
    requireFunctions("board", board, ["describe"], "a board with deviceId and describe, such as a VirtualBoard has");
    const { deviceId } = board;
    if (this.#boards.has(deviceId)) {
      throw new Error(
        `there is a board ${deviceId} on this gateway: give the next one another, new VirtualBoard({ deviceId })`,
      );
    }
    this.#boards.set(deviceId, board);
    return this.#network.plugIn();
  }

  async #listen(): Promise<void> {
    await this.usmp.listen(...this.#network.acceptors);
    this.#journal.add("the gateway listens");
  }

  #watch(): void {
    const events = emitterOf(this.usmp);
    events.observe("connect", ({ deviceId }) => this.#journal.add(`${deviceId} connected`));
    events.observe("disconnect", ({ code }, { deviceId }) => this.#journal.add(`${deviceId} disconnected, ${code}`));
    events.observe("refused", ({ code }) => this.#journal.add(`a device was refused, ${code}`));
    events.observe("message", (data, _length, { deviceId }) => {
      this.#journal.add(`${deviceId} sent ${shown(data)}`);
      const message = { atMs: this.#journal.elapsedMs, deviceId, data, text: data.toString() };
      this.#messages.push(message);
      this.#untaken.push(message);
    });
  }

  #has(deviceId: string | undefined): boolean {
    return deviceId === undefined ? this.connected : this.sessions.some((each) => each.deviceId === deviceId);
  }

  async #until(done: () => boolean, withinMs: number): Promise<boolean> {
    await this.ready;
    return this.clock.advanceUntil(done, withinMs);
  }

  /** Moves time until `promise` has settled. */
  async #settled<Value>(promise: Promise<Value>): Promise<Value> {
    let settled = false;
    const settle = (): void => void (settled = true);
    promise.then(settle, settle);
    if (await this.clock.advanceUntil(() => settled, LONGEST_STEP_MS)) return promise;
    throw this.#error("the gateway hangs");
  }

  #error(what: string): Error {
    const boards = [...this.#boards.values()].map((board) => `\n${board.describe()}`);
    return new Error(`${what} (seed: ${this.seed}). What the gateway saw:\n${String(this.#journal)}${boards.join("")}`);
  }
}

function checkDeviceId(deviceId: string | undefined): void {
  if (deviceId !== undefined) parseDeviceId(deviceId);
}

function waitOptions(
  given: WaitOptions,
  defaultMs: number,
): { readonly deviceId: string | undefined; readonly withinMs: number } {
  const { deviceId, withinMs = defaultMs } = ownMembers(given);
  checkDeviceId(deviceId);
  checkNumber("withinMs", withinMs, 0);
  return { deviceId, withinMs };
}

function ofDevice(deviceId: string | undefined): string {
  return deviceId === undefined ? "" : ` of ${deviceId}`;
}
