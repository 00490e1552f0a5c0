import dgram, { type Socket } from "node:dgram";
import { SeededRandom } from "../../lib/transport/random.js";

const HOST = "127.0.0.1";

export interface BadNetwork {
  readonly seed: number;
  readonly loss: number;
  readonly duplicate: number;
  readonly delayMs: number;
  /** Evenly spread on top of the delay, which alone lets later ones overtake. */
  readonly jitterMs: number;
}

/** A bad network between two real sockets on this machine: what goes to its port goes on to the target, or not, or twice, or late. */
export class DatagramProxy {
  readonly #front: Socket;
  readonly #targetPort: number;
  readonly #network: BadNetwork;
  readonly #random: SeededRandom;
  /** One socket to the target for each client. */
  readonly #upstream = new Map<number, Socket>();
  readonly #travelling = new Set<NodeJS.Timeout>();
  carried = 0;
  lost = 0;
  doubled = 0;

  static async start(targetPort: number, network: BadNetwork): Promise<DatagramProxy> {
    const front = dgram.createSocket("udp4");
    await new Promise<void>((resolve) => front.bind(0, HOST, resolve));
    return new DatagramProxy(front, targetPort, network);
  }

  private constructor(front: Socket, targetPort: number, network: BadNetwork) {
    this.#front = front;
    this.#targetPort = targetPort;
    this.#network = network;
    this.#random = new SeededRandom(network.seed);
    front.on("message", (datagram, { port }) => {
      const upstream = this.#upstreamOf(port);
      this.#carry(() => upstream.send(datagram, this.#targetPort, HOST));
    });
    front.on("error", () => {});
  }

  get port(): number {
    return this.#front.address().port;
  }

  close(): void {
    for (const timer of this.#travelling) clearTimeout(timer);
    for (const socket of [this.#front, ...this.#upstream.values()]) socket.close();
  }

  #upstreamOf(clientPort: number): Socket {
    const known = this.#upstream.get(clientPort);
    if (known !== undefined) return known;
    const socket = dgram.createSocket("udp4");
    socket.on("message", (datagram) => this.#carry(() => this.#front.send(datagram, clientPort, HOST)));
    socket.on("error", () => {});
    this.#upstream.set(clientPort, socket);
    return socket;
  }

  #carry(deliver: () => void): void {
    const { loss, duplicate } = this.#network;
    this.carried++;
    if (this.#random.chance(loss)) this.lost++;
    else this.#dispatch(deliver);
    if (!this.#random.chance(duplicate)) return;
    this.doubled++;
    this.#dispatch(deliver);
  }

  #dispatch(deliver: () => void): void {
    const { delayMs, jitterMs } = this.#network;
    const timer = setTimeout(
      () => {
        this.#travelling.delete(timer);
        deliver();
      },
      delayMs + jitterMs * this.#random.next(),
    );
    this.#travelling.add(timer);
  }
}
