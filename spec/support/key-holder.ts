import { fork, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { CipherName } from "../../lib/core/crypto-provider.js";
import type { UsmpSession } from "../../lib/session/session.js";
import { Usmp } from "../../lib/usmp.js";
import { searchMemory, type Found } from "./memory-search.js";

/** As this file: TypeScript through the loader, or what tsc made of it. */
const EXTENSION = extname(import.meta.url);
const PROGRAM = fileURLToPath(new URL(`./key-holder-main${EXTENSION}`, import.meta.url));
const LOADER = EXTENSION === ".ts" ? ["--import", "tsx"] : [];

const DEVICE_ID = "24:0a:c4:01:02:03";
/** The sizes at which something is allocated elsewhere, and the largest message. */
const SIZES = [0, 1, 32, 64, 65, 452, 1_808];

export type Kind = "tcp" | "udp";

export type Order =
  | { readonly type: "psk"; readonly maskedPsk: string }
  | { readonly type: "key file"; readonly path: string }
  | { readonly type: "begin"; readonly kind: Kind; readonly port: number }
  | { readonly type: "reconnect" | "tell" | "rekey" | "close" };

export interface HolderReport {
  /** Where it listens now, else 0. */
  readonly port: number;
  /** Every key that it derived or used so far. */
  readonly maskedKeys: readonly string[];
}

/** Its own inverse, and none of the values that HMAC masks keys with. */
const MASK = 0xa5;

export function masked(bytes: Uint8Array): Buffer {
  const result = Buffer.from(new ArrayBuffer(bytes.length));
  for (const [index, byte] of bytes.entries()) result[index] = byte ^ MASK;
  return result;
}

export function transportOf(kind: Kind, port: number): ReturnType<typeof Usmp.TCP> | ReturnType<typeof Usmp.UDP> {
  return kind === "udp" ? Usmp.UDP("127.0.0.1", port) : Usmp.TCP("127.0.0.1", port);
}

/** A device or gateway in a process of its own, which echoes, and its peer in this one. */
export class KeyHolder {
  readonly psk = randomBytes(32);
  readonly #role: "device" | "gateway";
  readonly #child: ChildProcess;
  readonly #peer: Usmp;
  readonly #exited: Promise<never>;
  #port = 0;

  constructor(role: "device" | "gateway", cipher: CipherName) {
    this.#role = role;
    this.#peer = new Usmp(this.psk, { cipher, deviceId: DEVICE_ID });
    this.#child = fork(PROGRAM, [role, cipher, DEVICE_ID], { execArgv: LOADER });
    this.#exited = once(this.#child, "exit").then(([code]) => Promise.reject(new Error(`it ended, with ${code}`)));
    this.#exited.catch(() => {});
  }

  async givePsk(): Promise<void> {
    await this.#order({ type: "psk", maskedPsk: masked(this.psk).toString("hex") });
  }

  /** The content of a key file for the device. */
  get keyFile(): string {
    return JSON.stringify({ devices: [{ id: DEVICE_ID, key: `hex:${this.psk.toString("hex")}` }] });
  }

  async giveKeyFile(path: string): Promise<void> {
    await this.#order({ type: "key file", path });
  }

  /** Opens a session, and speaks on it. */
  async begin(kind: Kind): Promise<void> {
    if (this.#role === "device") this.#port = (await this.#peer.listen(transportOf(kind, 0)))[0]!.port;
    const { port } = await this.#order({ type: "begin", kind, port: this.#port });
    if (this.#role === "gateway" && !(await this.#peer.begin(transportOf(kind, port))))
      throw new Error(this.#peer.lastErrorString());
    await this.speak();
  }

  /** Another session in place of the present one. */
  async reconnect(): Promise<void> {
    if (this.#role === "device") await this.#order({ type: "reconnect" });
    else await this.#peer.reconnect();
    await this.speak();
  }

  /** Messages of several sizes there and back: whatever was to be settled is settled then. */
  async speak(): Promise<void> {
    const arrived = new Promise<void>((resolve) => {
      let left = SIZES.length;
      this.#peer.onMessage(() => void (--left === 0 && resolve()));
    });
    const session: Pick<UsmpSession, "sendAsync"> = this.#role === "device" ? this.#peer.sessions()[0]! : this.#peer;
    for (const size of SIZES) await session.sendAsync(randomBytes(size));
    await Promise.race([arrived, this.#exited]);
  }

  /** The process rotates the keys. */
  async rekey(): Promise<void> {
    await this.#order({ type: "rekey" });
    await this.speak();
  }

  /** The process ends its session, and what runs. */
  async close(): Promise<void> {
    await this.#order({ type: "close" });
    await this.#peer.close();
  }

  /** The keys so far, as they are told: masked. */
  async maskedKeys(): Promise<readonly string[]> {
    return (await this.#order({ type: "tell" })).maskedKeys;
  }

  /** Where the PSK, and each of these keys, lie in the process. */
  search(maskedKeys: readonly string[]): { readonly psk: Found; readonly keys: readonly Found[] } {
    const keys = maskedKeys.map((key) => masked(Buffer.from(key, "hex")));
    const [psk, ...found] = searchMemory(this.#child.pid!, [this.psk, ...keys]) as [Found, ...Found[]];
    return { psk, keys: found };
  }

  async end(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#peer.close();
  }

  async #order(order: Order): Promise<HolderReport> {
    const answered = once(this.#child, "message") as Promise<[HolderReport]>;
    this.#child.send(order);
    const [report] = await Promise.race([answered, this.#exited]);
    return report;
  }
}
