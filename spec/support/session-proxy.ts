import net from "node:net";
import type { SeededRandom } from "../../lib/transport/random.js";
import { LOOPBACK } from "./session-echo.js";

/** A TCP proxy that cuts the stream at random places, whatever it came in. */
export class SplittingProxy {
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  readonly #random: SeededRandom;
  /** After this many bytes, both ways together, every connection is cut. */
  cutAfterBytes = Infinity;
  pieces = 0;
  bytes = 0;

  private constructor(random: SeededRandom, targetPort: number) {
    this.#random = random;
    this.#server = net.createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
      const far = net.connect({ port: targetPort, host: LOOPBACK, allowHalfOpen: true, noDelay: true });
      this.#join(near, far);
      this.#join(far, near);
    });
  }

  static async start(random: SeededRandom, targetPort: number): Promise<SplittingProxy> {
    const proxy = new SplittingProxy(random, targetPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, LOOPBACK, resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  cut(): void {
    // As networks do it: sometimes in order, sometimes not.
    for (const socket of this.#sockets) {
      if (this.#random.chance(0.5)) socket.destroy();
      else socket.resetAndDestroy();
    }
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(from: net.Socket, to: net.Socket): void {
    this.#sockets.add(from);
    from.on("error", () => {});
    from.on("close", () => this.#sockets.delete(from));
    from.on("end", () => to.end());
    from.on("data", (chunk: Buffer) => this.#pass(chunk, from, to));
  }

  #pass(chunk: Buffer, from: net.Socket, to: net.Socket): void {
    let room = true;
    for (let start = 0; start < chunk.length;) {
      // Small pieces are as likely as large ones: they find more bugs.
      const length = Math.ceil(8_192 ** this.#random.next());
      const piece = chunk.subarray(start, start + length);
      room = to.write(piece);
      start += piece.length;
      this.pieces++;
      this.bytes += piece.length;
      if (this.bytes >= this.cutAfterBytes) return this.cut();
    }
    if (room) return;
    from.pause();
    to.once("drain", () => from.resume());
  }
}
