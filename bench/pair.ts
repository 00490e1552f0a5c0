/** The two processes of a contender: a gateway, and the device that sends to it. */
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath, pathToFileURL } from "node:url";

import { pythonWithSdk } from "../spec/support/python-environment.js";
import { PeerProcess, type Report } from "../spec/support/python-peer.js";
import type { Contender, Setup } from "./comparisons.js";

export interface PairOptions {
  /** Of each end that runs on Node. */
  readonly nodeOptions?: readonly string[];
  /** The module with the library's AEAD, for the bare contender. */
  readonly crypto?: string;
  readonly coreEach?: boolean;
}

const PSK = "the key of the benchmark";

/** A process that does not answer for this long hangs. */
const LIMIT_MS = 60_000;

const CRYPTO = pathToFileURL("build/lib/crypto/index.js").href;

export class Pair {
  readonly #size: number;
  readonly #gateway: PeerProcess;
  readonly #device: PeerProcess;

  static async start(contender: Contender, setup: Setup, options: PairOptions = {}): Promise<Pair> {
    const { script, library } = contender;
    const given = { ...setup, psk: PSK, script, library, crypto: options.crypto ?? CRYPTO };
    const start = async (end: "receiver" | "sender", more: Report = {}): Promise<PeerProcess> => {
      const [program, ...args] = await commandOf(end, script, options);
      return new PeerProcess(program, ...args, JSON.stringify({ ...given, ...more }));
    };
    const gateway = await start("receiver");
    let device: PeerProcess | undefined;
    try {
      device = await start("sender", { port: (await gateway.next("listening", LIMIT_MS)).port });
      await device.next("ready", LIMIT_MS);
      return new Pair(setup.size, gateway, device);
    } catch (error) {
      await Promise.all([gateway.kill(), device?.kill()]);
      throw error;
    }
  }

  private constructor(size: number, gateway: PeerProcess, device: PeerProcess) {
    this.#size = size;
    this.#gateway = gateway;
    this.#device = device;
  }

  /** Opens sessions until there are `count`. */
  async connect(count: number): Promise<void> {
    await this.#device.command("connect", { count }, LIMIT_MS);
  }

  /** Messages a second, from the first one's arrival to the last one's. */
  async oneWay(messages: number): Promise<number> {
    await this.#gateway.command("count", { bytes: messages * this.#size }, LIMIT_MS);
    const pushed = this.#device.command("push", { messages, size: this.#size }, LIMIT_MS);
    const [{ bytes, ms }] = await Promise.all([this.#gateway.next("counted", LIMIT_MS), pushed]);
    return (Number(bytes) / this.#size / Number(ms)) * 1000;
  }

  /** Microseconds of each echo, one after the other. */
  async echo(messages: number): Promise<number[]> {
    const { microseconds } = await this.#device.command("echo", { messages, size: this.#size }, LIMIT_MS);
    return microseconds as number[];
  }

  /** Handshakes a second, each of a session that is closed again. */
  async handshakes(count: number, atOnce: number): Promise<number> {
    const { ms } = await this.#device.command("handshakes", { handshakes: count, atOnce }, LIMIT_MS);
    return (count * 1000) / Number(ms);
  }

  /** Bytes of the gateway's process. */
  async memory(): Promise<{ readonly rss: number; readonly held: number }> {
    const { rss, held } = await this.#gateway.command("memory", {}, LIMIT_MS);
    return { rss: Number(rss), held: Number(held) };
  }

  /** Microseconds of processor time that both processes have used. */
  async cpu(): Promise<number> {
    const used = await Promise.all([this.#gateway, this.#device].map((end) => end.command("cpu", {}, LIMIT_MS)));
    return used.reduce((sum, { cpu }) => sum + Number(cpu), 0);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#device.stop(), this.#gateway.stop()]);
  }
}

type Command = [program: string, ...args: string[]];

async function commandOf(end: "receiver" | "sender", script: string, options: PairOptions): Promise<Command> {
  const pathOf = (name: string): string => fileURLToPath(new URL(`peers/${name}`, import.meta.url));
  const { nodeOptions = [], coreEach = false } = options;
  const command: Command =
    script === "python"
      ? [await pythonWithSdk(), pathOf(`python-${end}.py`)]
      : [process.execPath, "--expose-gc", ...nodeOptions, pathOf(`${end}.mjs`)];
  return coreEach && canPin() ? ["taskset", "--cpu-list", end === "receiver" ? "1" : "0", ...command] : command;
}

let pins: boolean | undefined;

/** Whether there are two cores, and a way to choose one. */
function canPin(): boolean {
  return (pins ??= availableParallelism() > 1 && tasksetWorks());
}

function tasksetWorks(): boolean {
  try {
    execFileSync("taskset", ["--cpu-list", "0,1", process.execPath, "--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
