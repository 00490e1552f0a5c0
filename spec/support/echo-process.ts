import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

import { UsmpServer } from "../../lib/gateway/server.js";
import type { UsmpSession } from "../../lib/session/session.js";
import { TcpTransport } from "../../lib/transport/tcp.js";
import { UdpTransport } from "../../lib/transport/udp.js";
import { soon } from "./patience.js";

/** As this file: TypeScript through the loader, or what tsc made of it. */
const EXTENSION = extname(import.meta.url);
const PROGRAM = fileURLToPath(new URL(`./echo-sketch${EXTENSION}`, import.meta.url));
const LOADER = EXTENSION === ".ts" ? ["--import", "tsx"] : [];

/** A gateway here, and a process that echoes what it sends: a sketch, or the plain facade, over real sockets. */
export class EchoProcess {
  readonly session: UsmpSession;
  readonly #server: UsmpServer;
  readonly #child: ChildProcess;

  private constructor(server: UsmpServer, child: ChildProcess, session: UsmpSession) {
    this.#server = server;
    this.#child = child;
    this.session = session;
  }

  static async start(which: "sketch" | "plain", kind: "tcp" | "udp" = "tcp"): Promise<EchoProcess> {
    const server = new UsmpServer({ psk: "usmp-dev-psk-change-me-before-prod" });
    const transport = kind === "udp" ? new UdpTransport("127.0.0.1", 0) : new TcpTransport("127.0.0.1", 0);
    const [listening] = await server.listen(transport);
    const connected = new Promise<UsmpSession>((resolve) => server.onSession(resolve));
    const child = spawn(process.execPath, [...LOADER, PROGRAM, kind, `${listening?.port}`, which], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    const exited = once(child, "exit").then(([code]) => Promise.reject(new Error(`it ended before, with ${code}`)));
    exited.catch(() => {});
    return new EchoProcess(server, child, await Promise.race([connected, exited]));
  }

  /** Sends a message and waits for it to come back; how long that took, in milliseconds. */
  async roundTrip(message: string): Promise<number> {
    const sentAt = performance.now();
    this.session.send(message);
    const answer = await soon(this.session.recv(), message);
    if (answer.toString() !== message) throw new Error(`${message} came back as ${answer.toString()}`);
    return performance.now() - sentAt;
  }

  /** Ctrl-C: the process's exit code, and why its session ended. */
  async interrupt(): Promise<{ readonly exitCode: number; readonly reason: string }> {
    const exited = once(this.#child, "exit") as Promise<[number]>;
    this.#child.kill("SIGINT");
    const [exitCode] = await exited;
    const { code } = await this.session.closed;
    await this.#server.stop();
    return { exitCode, reason: code };
  }
}
