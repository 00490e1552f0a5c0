import type { Clock } from "../core/clock.js";
import { UsmpError } from "../errors.js";
import { contain, withDeadline } from "../transport/contained.js";
import type { AnyAcceptor, Listener } from "../transport/transport.js";

/** Where a gateway listens: the real port if port 0 was requested. */
export interface ListeningAddress {
  readonly transport: string;
  readonly address: string;
  readonly port: number;
}

interface RunOptions {
  readonly clock: Clock;
  /** How long a transport may take to stop listening, in milliseconds. */
  readonly closeTimeoutMs: number;
  /** Called with a transport's misbehaviour, and with each port that was not freed in time. */
  readonly onError: (error: UsmpError) => void;
}

/** How long a transport may take to start listening, in milliseconds: a name may have to be looked up. */
const LISTEN_TIMEOUT_MS = 30_000;

/** A listener, and where it listens. */
interface Open {
  readonly listener: Listener;
  readonly at: ListeningAddress;
}

/** One run of a gateway, from `listen` to `stop`: its listeners, and a promise of its end. */
export class ListenerGroup {
  /** Resolves when `end` is called. */
  readonly ended: Promise<void>;
  #end: () => void = () => {};
  readonly #options: RunOptions;
  /** In the order in which they opened; once all are open, in the order of the acceptors. */
  #listeners: Open[] = [];
  /** Settles when no more listeners come. */
  #opening: Promise<unknown> = Promise.resolve();
  #closed = false;
  /** Set once `close` has taken the listeners: one that opens later closes itself. */
  #isLate = false;
  readonly #cleanUps: (() => void)[] = [];

  constructor(options: RunOptions) {
    this.#options = options;
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  get addresses(): ListeningAddress[] {
    return this.#listeners.map(({ at }) => at);
  }

  /**
   * Opens all listeners, each by `listen`. Rejects with the first failure, or with CLOSED if the run was closed
   * meanwhile; the listeners that did open wait for `close`.
   */
  async open(acceptors: readonly AnyAcceptor[], listen: (acceptor: AnyAcceptor) => Promise<Listener>): Promise<void> {
    if (this.#closed) throw stopped();
    const opening = Promise.allSettled(acceptors.map((acceptor) => this.#open(() => listen(acceptor))));
    this.#opening = opening;
    const results = await opening;
    const inOrder: Open[] = [];
    for (const result of results) {
      if (result.status === "rejected") throw result.reason;
      inOrder.push(result.value);
    }
    this.#listeners = inOrder;
    // `close` may have set it meanwhile.
    if (this.#isClosed()) throw stopped();
  }

  /** Stops accepting. Resolves when all ports are free, including those being opened, or when that takes too long. */
  async close(): Promise<void> {
    this.#closed = true;
    const late = (): UsmpError => new UsmpError("TIMEOUT", "a transport takes too long to start listening");
    // A listener that opens later closes itself.
    const { clock, closeTimeoutMs: timeoutMs, onError } = this.#options;
    await withDeadline(() => this.#opening, { clock, timeoutMs }, { error: late }).done.catch(onError);
    this.#isLate = true;
    await Promise.all(this.#listeners.map((open) => this.#close(open)));
  }

  /** Opens one listener; rejects with a UsmpError only. */
  async #open(listen: () => Promise<Listener>): Promise<Open> {
    const { clock } = this.#options;
    const error = (): UsmpError =>
      new UsmpError("TIMEOUT", `a transport did not start listening within ${LISTEN_TIMEOUT_MS} ms`);
    const open = async (): Promise<Open> => {
      const listener = await listen();
      return { listener, at: { transport: listener.kind, address: listener.address, port: listener.port } };
    };
    const discard = (late: Open): void => void this.#close(late);
    const opened = await withDeadline(open, { clock, timeoutMs: LISTEN_TIMEOUT_MS }, { error, discard }).done;
    if (this.#isLate) await this.#close(opened);
    else this.#listeners.push(opened);
    return opened;
  }

  async #close({ listener, at: { transport, address, port } }: Open): Promise<void> {
    const { clock, closeTimeoutMs } = this.#options;
    // A listener that shares its socket with its sessions waits for them, and they may take `closeTimeoutMs`, too.
    const timeoutMs = 2 * closeTimeoutMs;
    const message = `${transport} ${address}:${port} was not closed within ${timeoutMs} ms`;
    const error = (): UsmpError => new UsmpError("TRANSPORT", message);
    await withDeadline(() => listener.close(), { clock, timeoutMs }, { error }).done.catch(this.#options.onError);
  }

  #isClosed(): boolean {
    return this.#closed;
  }

  /** Runs `cleanUp` when this run ends. */
  onEnd(cleanUp: () => void): void {
    this.#cleanUps.push(cleanUp);
  }

  end(): void {
    for (const cleanUp of this.#cleanUps.splice(0)) cleanUp();
    this.#end();
  }

  unref(): void {
    for (const { listener } of this.#listeners) contain(() => listener.unref(), this.#options.onError);
  }
}

function stopped(): UsmpError {
  return new UsmpError("CLOSED", "the gateway was stopped before it listened");
}
