import { toUsmpError, UsmpError } from "../errors.js";
import type { AnyAcceptor, Listener } from "../transport/transport.js";

/** Where a gateway listens: the real port, where 0 was asked for. */
export interface ListeningAddress {
  readonly transport: string;
  readonly address: string;
  readonly port: number;
}

/** One run of a gateway, from `listen` to `stop`: its listeners, and who waits for its end. */
export class Run {
  /** Resolves with `end`. */
  readonly ended: Promise<void>;
  #end: () => void = () => {};
  #listeners: Listener[] = [];
  /** Settles when no more listeners come. */
  #opening: Promise<unknown> = Promise.resolve();
  #closed = false;
  readonly #cleanUps: (() => void)[] = [];

  constructor() {
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  get addresses(): ListeningAddress[] {
    return this.#listeners.map(({ kind, address, port }) => ({ transport: kind, address, port }));
  }

  /**
   * Opens all listeners, each by `listen`. Rejects with the first failure, or CLOSED where the run was closed meanwhile; those that were
   * opened wait for `close`.
   */
  async open(acceptors: readonly AnyAcceptor[], listen: (acceptor: AnyAcceptor) => Promise<Listener>): Promise<void> {
    if (this.#closed) throw stopped();
    const opening = Promise.allSettled(acceptors.map(async (acceptor) => listen(acceptor)));
    this.#opening = opening;
    const results = await opening;
    this.#listeners = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    for (const result of results) if (result.status === "rejected") throw result.reason;
    // As assigned by `close`, meanwhile.
    if (this.#isClosed()) throw stopped();
  }

  /** Stops accepting. Resolves when the ports are free, those included that are being opened; `onError` is told which is not. */
  async close(onError: (error: UsmpError) => void): Promise<void> {
    this.#closed = true;
    await this.#opening;
    const results = await Promise.allSettled(this.#listeners.map(async (listener) => listener.close()));
    for (const result of results) {
      if (result.status === "fulfilled") continue;
      const cause: unknown = result.reason;
      onError(toUsmpError(cause));
    }
  }

  #isClosed(): boolean {
    return this.#closed;
  }

  /** Runs `cleanUp` when it ends. */
  onEnd(cleanUp: () => void): void {
    this.#cleanUps.push(cleanUp);
  }

  end(): void {
    for (const cleanUp of this.#cleanUps.splice(0)) cleanUp();
    this.#end();
  }

  unref(): void {
    for (const listener of this.#listeners) listener.unref();
  }
}

function stopped(): UsmpError {
  return new UsmpError("CLOSED", "the gateway was stopped before it listened");
}
