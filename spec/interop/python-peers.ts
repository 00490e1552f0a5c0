/** The public Python SDK's ends, scripted: see the programs in peers/. */
import { fileURLToPath } from "node:url";

import type { CipherName } from "../../lib/index.js";
import type { Carrier } from "./our-ends.js";
import { PeerProcess } from "../support/python-peer.js";

export const PSK = "the key of the interop specs";
export const WRONG_PSK = "another key, just as long   ";

export interface PythonServer {
  readonly peer: PeerProcess;
  readonly port: number;
}

export interface PythonServerOptions {
  readonly carrier?: Carrier;
  readonly cipher?: CipherName;
  /** Chosen by the system where it is not given. */
  readonly port?: number;
}

/** A server process; kill it in the end. */
export async function startPythonServer({
  carrier = "tcp",
  cipher,
  port,
}: PythonServerOptions = {}): Promise<PythonServer> {
  const args = ["--carrier", carrier, "--psk", PSK, "--port", String(port ?? 0), "--cipher", cipher ?? "aes-256-gcm"];
  const peer = await PeerProcess.python(script("server.py"), ...args);
  try {
    return { peer, port: Number((await peer.next("listening")).port) };
  } catch (error) {
    await peer.kill();
    throw error;
  }
}

/** A client process, not connected yet; kill it in the end. */
export function startPythonClient(): Promise<PeerProcess> {
  return PeerProcess.python(script("client.py"));
}

export interface PythonConnectOptions {
  readonly carrier?: Carrier;
  readonly port: number;
  readonly deviceId: string;
  readonly psk?: string;
  readonly cipher?: CipherName;
}

/** Its own timeout is 10 s. */
const CONNECT_LIMIT_MS = 15_000;

/** Connects a client process; rejects with its own error. */
export async function connectPython(client: PeerProcess, options: PythonConnectOptions): Promise<void> {
  await client.command("connect", { carrier: "tcp", psk: PSK, cipher: "aes-256-gcm", ...options }, CONNECT_LIMIT_MS);
}

function script(name: string): string {
  return fileURLToPath(new URL(`peers/${name}`, import.meta.url));
}
