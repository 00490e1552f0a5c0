import type { Link, LinkHandlers } from "../../transport/transport.js";

/**
 * A link as a board sees it. Over TCP a board does not check whether its connection has ended. It notices when it next
 * sends a message or a PING. Until then its session lives.
 */
export class BoardLink implements Link {
  readonly carries: "stream" | "datagrams";
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly addresses: number;
  readonly #link: Link;
  #isAnswered = false;
  #hidesEnd = false;
  /** Ends that the board has not noticed yet. */
  #unnoticed: (() => void)[] = [];

  constructor(link: Link) {
    this.#link = link;
    this.carries = link.carries ?? "stream";
    this.remoteAddress = link.remoteAddress;
    this.remotePort = link.remotePort;
    this.addresses = link.addresses ?? 1;
  }

  /** Whether the other end answered: a stream has opened, or a datagram has come back. */
  get isAnswered(): boolean {
    return this.#isAnswered || this.carries === "stream";
  }

  /** From now on this end notices the peer's end only when it sends, or calls `notice`. */
  hideEnd(): void {
    this.#hidesEnd = this.carries === "stream";
  }

  /** Reports a hidden end, if there is one. */
  notice(): void {
    for (const tell of this.#unnoticed.splice(0)) tell();
  }

  attach(handlers: LinkHandlers): void {
    this.#link.attach({
      onBytes: (chunk) => {
        this.#isAnswered = true;
        handlers.onBytes(chunk);
      },
      onTransientError: (error) => handlers.onTransientError?.(error),
      onEnd: () => this.#tell(() => handlers.onEnd()),
      onClose: (error) => this.#tell(() => handlers.onClose(error)),
    });
  }

  send(bytes: Uint8Array, onFlushed: () => void): void {
    if (this.#unnoticed.length > 0) this.notice();
    else this.#link.send(bytes, onFlushed);
  }

  pause(): void {
    this.#link.pause();
  }

  resume(): void {
    this.#link.resume();
  }

  end(): void {
    this.#hidesEnd = false;
    this.#link.end();
    this.notice();
  }

  destroy(): void {
    this.#hidesEnd = false;
    this.#link.destroy();
    this.notice();
  }

  unref(): void {
    this.#link.unref();
  }

  #tell(step: () => void): void {
    if (this.#hidesEnd) this.#unnoticed.push(step);
    else step();
  }
}
