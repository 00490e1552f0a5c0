import { copyOf } from "../core/wire/bytes.js";
import type { Clock, Timer } from "../core/clock.js";
import { isBytes } from "../core/kinds.js";
import { toUsmpError, UsmpError } from "../errors.js";
import { contain } from "./contained.js";
import type { Link, LinkHandlers } from "./transport.js";

interface ContainedLinkOptions {
  readonly clock: Clock;
  /** How long a link may take to call `onClose` after `destroy`, in milliseconds. */
  readonly closeTimeoutMs: number;
}

/**
 * Holds a link that a user may have written to the contract of {@link Link}:
 *
 * - If it throws or rejects, it ends with TRANSPORT.
 * - A handler that it calls within one of its own methods runs after that method returns.
 * - A handler that it calls after its end, or a second time, is ignored.
 * - If it does not call `onClose`, it counts as closed `closeTimeoutMs` after `destroy`.
 */
export class ContainedLink implements Link {
  readonly carries: "stream" | "datagrams";
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly addresses: number;
  readonly #link: Link;
  readonly #options: ContainedLinkOptions;
  #handlers: LinkHandlers | null = null;
  /** How many calls of the link's methods are running. */
  #calls = 0;
  /** Handler calls that wait for them. */
  readonly #waiting: (() => void)[] = [];
  #failure: UsmpError | undefined;
  #isDestroyed = false;
  #isGone = false;
  #timer: Timer | null = null;
  #keepsProcess = true;

  /** @throws {UsmpError} TRANSPORT if `link` is not a link, or fails to return its address */
  constructor(link: Link, options: ContainedLinkOptions) {
    try {
      const { carries = "stream", remoteAddress, remotePort, addresses = 1 } = link;
      if (typeof link.attach !== "function" || typeof link.send !== "function") throw new TypeError("it gave no link");
      this.carries = carries;
      this.remoteAddress = isText(remoteAddress) ? remoteAddress : "unknown";
      this.remotePort = remotePort;
      this.addresses = addresses;
    } catch (cause) {
      throw toUsmpError(cause);
    }
    this.#link = link;
    this.#options = options;
  }

  attach(handlers: LinkHandlers): void {
    this.#handlers = handlers;
    if (this.#isGone) queueMicrotask(() => handlers.onClose(this.#failure));
    this.#call(() =>
      this.#link.attach({
        onBytes: (chunk) => {
          if (!isBytes(chunk))
            this.#fail(new UsmpError("TRANSPORT", "the transport failed: onBytes() takes a Uint8Array"));
          else if (this.#isBusy) this.#hear(this.#bytesLater(copyOf(chunk), handlers));
          else if (!this.#isGone) handlers.onBytes(chunk);
        },
        onTransientError: (error) => this.#hear(() => handlers.onTransientError?.(toUsmpError(error))),
        onEnd: () => this.#hear(() => handlers.onEnd()),
        onClose: (error) => this.#hear(() => this.#leave(error === undefined ? undefined : toUsmpError(error))),
      }),
    );
  }

  send(bytes: Uint8Array, onFlushed: () => void): void {
    if (this.#failure !== undefined) return;
    let isFlushed = false;
    this.#call(() =>
      this.#link.send(bytes, () => {
        if (isFlushed) return;
        isFlushed = true;
        this.#hear(onFlushed);
      }),
    );
  }

  pause(): void {
    this.#call(() => this.#link.pause());
  }

  resume(): void {
    this.#call(() => this.#link.resume());
  }

  end(): void {
    this.#call(() => this.#link.end());
  }

  destroy(): void {
    if (this.#isGone || this.#isDestroyed) return;
    this.#isDestroyed = true;
    // A link that was never attached has no handler to call.
    if (this.#handlers !== null) {
      this.#timer = this.#options.clock.after(this.#options.closeTimeoutMs, () => this.#leave(this.#failure));
      if (!this.#keepsProcess) this.#timer.unref();
    }
    this.#call(() => this.#link.destroy());
  }

  unref(): void {
    this.#keepsProcess = false;
    this.#timer?.unref();
    this.#call(() => this.#link.unref());
  }

  #call(step: () => unknown): void {
    if (this.#isGone) return;
    this.#calls++;
    contain(step, this.#fail);
    this.#calls--;
  }

  readonly #fail = (error: UsmpError): void => {
    if (this.#failure !== undefined || this.#isGone) return;
    this.#failure = error;
    this.destroy();
    this.#later(() => this.#leave(error));
  };

  #bytesLater(chunk: Uint8Array, handlers: LinkHandlers): () => void {
    return () => handlers.onBytes(chunk);
  }

  /** Runs a handler call of the link: at once, or in its turn. */
  #hear(step: () => void): void {
    if (this.#isBusy) this.#later(step);
    else if (!this.#isGone) step();
  }

  get #isBusy(): boolean {
    return this.#calls > 0 || this.#waiting.length > 0;
  }

  #later(step: () => void): void {
    this.#waiting.push(step);
    if (this.#waiting.length > 1) return;
    queueMicrotask(() => {
      for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
        if (!this.#isGone) next();
        this.#waiting.shift();
      }
    });
  }

  #leave(error: UsmpError | undefined): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#timer?.cancel();
    this.#handlers?.onClose(error ?? this.#failure);
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
