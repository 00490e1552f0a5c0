/** The two processes of a contestant. */
import { fileURLToPath } from "node:url";

import { pythonWithSdk } from "../spec/support/python-environment.js";
import { PeerProcess, type Report } from "../spec/support/python-peer.js";
import type { Carrier, Cipher, Peer } from "./contestants.js";
import { pinned, type Cores } from "./cores.js";
import { mosquitto } from "./mosquitto.js";
import { PROFILES } from "./profiles.js";

/** What a pair is set up for. */
export interface Setup {
  readonly carrier: Carrier;
  readonly cipher: Cipher;
  /** Bytes of a message. */
  readonly size: number;
  /** Where the system lets both run; else it decides by itself. */
  readonly cores?: Cores;
}

const PSK = "the key of the benchmark";

/** A process that does not answer for this long hangs. */
const LIMIT_MS = 60_000;

/** The garbage is to be collected before memory is read. */
const NODE_OPTIONS = ["--expose-gc"];

/** A sender, and the receiver that it sends to. */
export class Pair {
  readonly #peer: Peer;
  readonly #setup: Setup;
  readonly #receiver: PeerProcess | null;
  readonly #sender: PeerProcess;

  static async start(peer: Peer, setup: Setup, profileAs?: string): Promise<Pair> {
    const program = peer.needsMosquitto ? { program: await mosquitto() } : {};
    const given = { ...setup, ...peer.options, ...program, psk: PSK };
    const start = async (end: "sender" | "receiver", script: string, port?: unknown): Promise<PeerProcess> => {
      const profiling = peer.isOurs && profileAs !== undefined ? profileTo(`${profileAs}.${end}`) : [];
      const words = await commandOf(script, { ...given, port }, profiling);
      const [program, ...args] = [...pinned(end, setup.cores), ...words];
      return new PeerProcess(program ?? "", ...args);
    };
    const receiver = peer.receiver === undefined ? null : await start("receiver", peer.receiver);
    try {
      const port = (await receiver?.next("listening", LIMIT_MS))?.port;
      const sender = await start("sender", peer.sender, port);
      try {
        await sender.next("ready", LIMIT_MS);
        return new Pair(peer, setup, receiver, sender);
      } catch (error) {
        await sender.kill();
        throw error;
      }
    } catch (error) {
      await receiver?.kill();
      throw error;
    }
  }

  private constructor(peer: Peer, setup: Setup, receiver: PeerProcess | null, sender: PeerProcess) {
    this.#peer = peer;
    this.#setup = setup;
    this.#receiver = receiver;
    this.#sender = sender;
  }

  /** Makes it `sessions` sessions in all. */
  async connect(sessions: number): Promise<void> {
    await this.#sender.command("connect", { sessions }, LIMIT_MS);
  }

  /** Messages a second, over all sessions. `inTurns`: a message on each session, then the next. */
  async oneWay(messages: number, inTurns = false): Promise<number> {
    const { size } = this.#setup;
    await this.#receiver?.command("count", { messages, size });
    const pushed = this.#sender.command("push", { messages, size, inTurns }, LIMIT_MS);
    // Of all after the first, until the last, where the receiver can tell.
    const counted = this.#peer.countedBy === "receiver" ? this.#receiver?.next("counted", LIMIT_MS) : pushed;
    const [report] = await Promise.all([counted, pushed]);
    return (Number(report?.messages) * 1000) / Number(report?.ms);
  }

  /** Microseconds of each round trip, one after the other. */
  async echo(messages: number): Promise<number[]> {
    const { microseconds } = await this.#sender.command("echo", { messages, size: this.#setup.size }, LIMIT_MS);
    return microseconds as number[];
  }

  /** Handshakes a second, each of a connection that is closed again; `atOnce` of them run at the same time. */
  async handshakes(handshakes: number, atOnce: number): Promise<number> {
    const { ms } = await this.#sender.command("handshakes", { handshakes, atOnce }, LIMIT_MS);
    return (handshakes * 1000) / Number(ms);
  }

  /** Bytes that the receiver has: of the system, and, where it can tell, in its heap and buffers. */
  async memory(): Promise<{ readonly rss: number; readonly held: number }> {
    const { rss, held } = (await this.#receiver?.command("memory", {}, LIMIT_MS)) ?? {};
    return { rss: Number(rss), held: Number(held) };
  }

  /** Microseconds of processor time that sender and receiver have used. */
  async processorTime(): Promise<Readonly<Record<"sender" | "receiver", number>>> {
    const used = async (end: PeerProcess | null): Promise<number> => {
      const { user, system } = (await end?.command("cpu")) ?? {};
      return Number(user) + Number(system);
    };
    return { sender: await used(this.#sender), receiver: await used(this.#receiver) };
  }

  async stop(): Promise<void> {
    await this.#sender.stop();
    await this.#receiver?.stop();
  }
}

function profileTo(name: string): string[] {
  return ["--cpu-prof", `--cpu-prof-dir=${PROFILES}`, `--cpu-prof-name=${name}.cpuprofile`];
}

async function commandOf(script: string, setup: Report, nodeOptions: readonly string[]): Promise<string[]> {
  const path = fileURLToPath(new URL(`peers/${script}`, import.meta.url));
  const program = script.endsWith(".py")
    ? [await pythonWithSdk()]
    : [process.execPath, ...NODE_OPTIONS, ...nodeOptions];
  return [...program, path, JSON.stringify(setup)];
}
