import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export type Carrier = "tcp" | "udp";

const SCRIPT = fileURLToPath(new URL("gateway-main.ts", import.meta.url));

/** A gateway in a process of its own, which can be killed, and started again at its port. */
export class GatewayProcess {
  readonly #carrier: Carrier;
  #child: ChildProcess | null = null;
  port = 0;

  constructor(carrier: Carrier) {
    this.#carrier = carrier;
  }

  async start(): Promise<void> {
    const child = fork(SCRIPT, [this.#carrier, String(this.port)], { execArgv: ["--import=tsx"] });
    this.#child = child;
    const [{ port }] = (await once(child, "message", { signal: AbortSignal.timeout(20_000) })) as [{ port: number }];
    this.port = port;
  }

  /** As the power goes: nobody is told. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }
}
