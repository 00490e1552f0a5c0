import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { KeyFile, Usmp, type ListeningAddress, type UsmpSession } from "../../lib/index.js";
import { soon } from "./patience.js";

/** A route from the network, or the clock, to a callback: the library's own stack frames, the callback's caller first. */
export interface Walk {
  readonly name: string;
  readonly frames: readonly string[];
}

/** The most frames that a route may have, by its name. */
export const FRAME_LIMITS: Readonly<Record<string, number>> = {
  "TCP chunk -> onMessage, gateway": 10,
  "TCP chunk -> onMessage, device": 10,
  "UDP datagram -> onMessage, gateway": 13,
  "UDP datagram -> onMessage, device": 10,
  "TCP HELLO_ACK -> onConnect, gateway": 14,
  "UDP HELLO_ACK -> onConnect, gateway": 16,
  "TCP SESSION_OK -> onConnect, device": 16,
  "UDP SESSION_OK -> onConnect, device": 16,
  "key file edit -> onDisconnect, gateway": 14,
};

const LIBRARY = fileURLToPath(new URL("../../lib/", import.meta.url));
const DEVICE_ID = "24:0a:c4:01:02:03";
const PSK = "a-key-for-measuring-walks";

/** Runs real programs over loopback, and a real key file, and takes a stack trace in each callback. */
export async function measureWalks(): Promise<Walk[]> {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 200;
  const folder = await mkdtemp(join(tmpdir(), "usmp-walks-"));
  try {
    return [...(await measureTransport("TCP", folder)), ...(await measureTransport("UDP", folder))];
  } finally {
    Error.stackTraceLimit = limit;
    await rm(folder, { recursive: true });
  }
}

async function measureTransport(transport: "TCP" | "UDP", folder: string): Promise<Walk[]> {
  const [message, answer] = transport === "TCP" ? ["chunk", "SESSION_OK"] : ["datagram", "SESSION_OK"];
  const walks = new Map<string, readonly string[]>();
  const note = (what: string) => (): void => {
    walks.set(what, ownFrames());
  };
  const file = join(folder, `${transport}.json`);
  await writeFile(file, keyFileOf(DEVICE_ID), { mode: 0o600 });
  const keys = await KeyFile.open(file, { pollMs: 5 });
  const gateway = new Usmp(keys);
  const device = new Usmp(PSK, { deviceId: DEVICE_ID, reconnect: false });
  const received = Promise.all([
    new Promise<void>((resolve) => {
      gateway.onMessage((_data, _length, session: UsmpSession) => {
        note(`${transport} ${message} -> onMessage, gateway`)();
        session.send("answer");
        resolve();
      });
    }),
    new Promise<void>((resolve) => {
      device.onMessage(() => {
        note(`${transport} ${message} -> onMessage, device`)();
        resolve();
      });
    }),
  ]);
  gateway.onConnect(note(`${transport} HELLO_ACK -> onConnect, gateway`));
  device.onConnect(note(`${transport} ${answer} -> onConnect, device`));
  try {
    const [{ port }] = (await gateway.listen(Usmp[transport]("127.0.0.1", 0))) as [ListeningAddress];
    if (!(await soon(device.begin(Usmp[transport]("127.0.0.1", port))))) throw new Error(device.lastErrorString());
    device.send("question");
    await soon(received, "the messages");
    if (transport === "TCP") {
      const lost = new Promise<void>((resolve) => {
        gateway.onDisconnect(() => {
          note("key file edit -> onDisconnect, gateway")();
          resolve();
        });
      });
      await writeFile(file, keyFileOf("24:0a:c4:01:02:04"));
      await soon(lost, "the end of the session");
    }
  } finally {
    gateway.onDisconnect(null);
    await Promise.all([device.close(), gateway.close(), keys.close()]);
  }
  return [...walks].map(([name, frames]) => ({ name, frames }));
}

function keyFileOf(id: string): string {
  return JSON.stringify({ devices: [{ id, key: PSK }] });
}

/** The library's frames on the stack now, without those that only wait for a promise. */
function ownFrames(): string[] {
  const lines = (new Error("here").stack ?? "").split("\n");
  return lines
    .filter((line) => line.includes(LIBRARY) && !line.includes("at async "))
    .map((line) =>
      line
        .trim()
        .replace(/^at |file:\/\//g, "")
        .replace(LIBRARY, "")
        .replace(/:\d+(\)?)$/, "$1"),
    );
}

/** How many files `frames` lie in. */
export function filesOf(frames: readonly string[]): number {
  return new Set(frames.map((frame) => /[\w/-]+\.[jt]s/.exec(frame)?.[0])).size;
}
