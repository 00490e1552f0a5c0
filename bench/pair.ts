import { fileURLToPath } from "node:url";

import { PeerProcess } from "../spec/support/python-peer.js";

export type Stack = "ours" | "python";
export type Carrier = "tcp" | "udp";
export type Cipher = "aes-256-gcm" | "chacha20-poly1305";

const PSK = "the key of the benchmark";

/** A process that does not answer for this long hangs. */
const LIMIT_MS = 60_000;

/** A sender and a receiver of one stack, each a process of its own, with one session between them. */
export class Pair {
  readonly #receiver: PeerProcess;
  readonly #sender: PeerProcess;

  /** `nodeOptions` are for our processes. */
  static async start(stack: Stack, carrier: Carrier, cipher: Cipher, nodeOptions: readonly string[]): Promise<Pair> {
    const start = (ours: string, python: string, ...args: string[]): Promise<PeerProcess> =>
      stack === "ours"
        ? Promise.resolve(new PeerProcess(process.execPath, ...nodeOptions, script(ours), ...args))
        : PeerProcess.python(script(python), ...args);
    const receiver = await start("gateway.mjs", "server.py", PSK, cipher, carrier);
    try {
      const { port } = await receiver.next("listening");
      const sender = await start("device.mjs", "client.py", PSK, cipher, carrier, String(port));
      try {
        await sender.next("connected");
        return new Pair(receiver, sender);
      } catch (error) {
        await sender.kill();
        throw error;
      }
    } catch (error) {
      await receiver.kill();
      throw error;
    }
  }

  private constructor(receiver: PeerProcess, sender: PeerProcess) {
    this.#receiver = receiver;
    this.#sender = sender;
  }

  /** Messages a second from one end to the other: of all after the first, until the last, as the receiver sees them. */
  async oneWay(size: number, messages: number): Promise<number> {
    await this.#receiver.command("count", { messages });
    const [{ ms }] = await Promise.all([
      this.#receiver.next("counted", LIMIT_MS),
      this.#sender.command("push", { messages, size }, LIMIT_MS),
    ]);
    return ((messages - 1) * 1000) / Number(ms);
  }

  /** Microseconds of each round trip, one after the other. */
  async echo(size: number, messages: number): Promise<number[]> {
    const { microseconds } = await this.#sender.command("echo", { messages, size }, LIMIT_MS);
    return microseconds as number[];
  }

  async stop(): Promise<void> {
    await this.#sender.stop();
    await this.#receiver.stop();
  }
}

function script(name: string): string {
  return fileURLToPath(new URL(`peers/${name}`, import.meta.url));
}
