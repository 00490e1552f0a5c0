import { copyOf } from "../core/wire/bytes.js";
import type { Clock, Timer } from "../core/clock.js";
import { isBytes } from "../core/kinds.js";
import { toUsmpError, UsmpError } from "../errors.js";
import { contain } from "./contained.js";
import type { Link, LinkHandlers } from "./transport.js";

interface ContainedLinkOptions {
  readonly clock: Clock;
  /** How long a link may take to say that it is gone, once it was told to be. */
  readonly closeTimeoutMs: number;
}

/**
 * A link of anybody's making, held to the contract of {@link Link}:
 *
 * - What it throws, or rejects with, ends it (TRANSPORT).
 * - What it calls within a call of its own waits until that is over.
 * - What it calls after its end, or a second time, is ignored.
 * - If it never says that it is gone, it is gone `closeTimeoutMs` after `destroy`.
 */
export class ContainedLink implements Link {
  readonly carries: "stream" | "datagrams";
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly addresses: number;
  readonly #link: Link;
  readonly #options: ContainedLinkOptions;
  #handlers: LinkHandlers | null = null;
  /** How many calls of the link are under way. */
  #calls = 0;
  /** What it told meanwhile. */
  readonly #waiting: (() => void)[] = [];
  #failure: UsmpError | undefined;
  #isDestroyed = false;
  #isGone = false;
  #timer: Timer | null = null;
  #keepsProcess = true;

  /** @throws {UsmpError} TRANSPORT where `link` is none, or cannot even say where it leads */
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
    // Nobody waits to hear that one is gone which was never attached.
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

  /** Passes on what the link tells: at once, or in its turn. */
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
