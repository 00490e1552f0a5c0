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
/** More than anything that a gateway does on its own takes. */
const LONGEST_STEP_MS = 60_000;
/** Tests of wrong keys want to see the right one work again at once. */
const NO_LOCKOUT = { lockoutAfterFailures: 10_000_000 };

export interface TestGatewayOptions extends Given<Omit<GatewaySettings, "clock">> {
  /** The key of every device, or a table by device id. */
  readonly psk: Psk | PskTable;
  /** How messages fare. Default: each takes 1 ms, and none is lost. */
  readonly conditions?: NetworkConditions | undefined;
  /** For the conditions' chances: the same seed, the same run. Default 1. */
  readonly seed?: number | undefined;
  /** The time of everything that is connected. Default: a new one, at 0. */
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
  /** By how much time is moved at most. Default 10,000. */
  readonly withinMs?: number | undefined;
}

/**
 * A gateway for tests: this library's own, on a network in memory and on simulated time, which `next()`, `waitForSession()` and
 * their like move. It listens from its making, over TCP and UDP alike, for whatever host and port a device names.
 */
export class TestGateway implements VirtualNetwork, AsyncDisposable {
  readonly clock: VirtualClock;
  readonly seed: number;
  /** Every message so far. */
  readonly messages: readonly GatewayMessage[];
  /** The gateway itself, for whatever a test wants beyond this: `gateway.usmp.onMessage(...)`. */
  readonly usmp: Usmp;
  /** Resolves when it listens. What moves time here waits for it; who moves the clock by hand awaits it before. */
  readonly ready: Promise<void>;
  readonly #network: TestNetwork;
  readonly #journal: TestJournal;
  readonly #boards = new Map<string, PluggedBoard>();
  readonly #messages: GatewayMessage[] = [];
  /** Those that no `next()` has given yet. */
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

  /** How messages fare that are sent from now on. */
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

  /** The session of this device, or of the only one there is. Throws where there is none, or no only one. */
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

  /** The text of the next message, moving time until it came. Rejects where none comes within 10 s, or a sketch fails. */
  async next(options?: WaitOptions): Promise<string> {
    return (await this.nextMessage(options)).text;
  }

  /** As `next`, the bytes of the message. */
  async nextBytes(options?: WaitOptions): Promise<Uint8Array> {
    return (await this.nextMessage(options)).data;
  }

  /** As `next`, with the time, and whose it is. */
  async nextMessage(options: WaitOptions = {}): Promise<GatewayMessage> {
    const { deviceId, withinMs } = waitOptions(options, DEFAULT_WITHIN_MS);
    const find = (): number => this.#untaken.findIndex((each) => deviceId === undefined || each.deviceId === deviceId);
    if (!(await this.#until(() => find() >= 0, withinMs))) {
      throw this.#error(`no message came${ofDevice(deviceId)} within ${withinMs} ms`);
    }
    return this.#untaken.splice(find(), 1)[0]!;
  }

  /** Moves time by `ms`. Rejects where a message is there that no `next()` has given, then or now. */
  async expectNothing(ms: number): Promise<void> {
    checkNumber("ms", ms, 0);
    if (!(await this.#until(() => this.#untaken.length > 0, ms))) return;
    throw this.#error(`a message is there, ${shown(this.#untaken[0]!.data)}, where none was expected`);
  }

  /** Sends a message to this device, or to the only one. Throws where there is no session, or no room. */
  send(message: Sendable, deviceId?: string): void {
    const data = toBytes(message);
    const session = this.session(deviceId);
    if (!session.send(data)) throw this.#error(`the message was not sent: ${session.lastError?.message ?? ""}`);
    this.clock.stir();
  }

  /**
   * Moves time until there is a session, and gives it: at once where there is one still, also of a board whose power was cut,
   * which `waitForDisconnect()` waits out. The device learns of it as soon as the network has carried that. Rejects where
   * there is none within 10 s, or a sketch fails.
   */
  async waitForSession(options: WaitOptions = {}): Promise<UsmpSession> {
    const { deviceId, withinMs } = waitOptions(options, DEFAULT_WITHIN_MS);
    if (await this.#until(() => this.#has(deviceId), withinMs)) return this.session(deviceId);
    throw this.#error(`no session came${ofDevice(deviceId)} within ${withinMs} ms`);
  }

  /**
   * Moves time until there is no session, as the gateway sees it. Rejects where there still is one then. Default: within
   * 90 s, as a device that fell silent is noticed after 60.
   */
  async waitForDisconnect(options: WaitOptions = {}): Promise<void> {
    const { deviceId, withinMs } = waitOptions(options, 90_000);
    if (await this.#until(() => !this.#has(deviceId), withinMs)) return;
    throw this.#error(`a session${ofDevice(deviceId)} was still there after ${withinMs} ms`);
  }

  /** Nothing gets through any more, and nobody is told: a pulled cable. */
  loseNetwork(): void {
    this.#journal.add("the network was lost");
    this.#network.lose();
  }

  /** The network is back. What was sent over TCP meanwhile, and is still wanted, arrives now. */
  restoreNetwork(): void {
    this.#journal.add("the network came back");
    this.#network.restore();
  }

  /**
   * Breaks every TCP connection: both ends are told at once. A board, as it is, notices when it next sends, or at its next
   * PING. Over UDP there is none to break.
   */
  dropConnection(): void {
    this.#journal.add("the connections were dropped");
    this.#network.cut();
  }

  /** From now on no device's key is right. Sessions that are there go on. */
  refuseKey(): void {
    this.#refusing = true;
  }

  acceptKey(): void {
    this.#refusing = false;
  }

  /** Stops the gateway, sessions with BYE, and starts it again after `downMs` (default 1,000), by which time is moved. */
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

  /** What connects a device of this library, as a host of its own: `client.begin(gateway.transport())`. It needs this `clock`, too. */
  transport(kind: "tcp" | "udp" = "tcp"): Dialer {
    const given: string = kind;
    if (given !== "tcp" && given !== "udp") refuseArgument("kind", given, '"tcp" or "udp"');
    return this.#network.plugIn().dialer(kind, "gateway", 0);
  }

  /** Connects a board. Throws where there is one of this id. */
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
