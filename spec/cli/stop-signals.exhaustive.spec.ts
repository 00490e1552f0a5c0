/** How the program ends when it is told to, as a process. */
import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { closeSync, constants as files, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { Usmp, UsmpClient } from "../../lib/index.js";
import { killUntilEnd } from "../support/kill-until-end.js";
import { childOf, eventually, processOne, Programs, PATIENCE_MS, PSK, type Program } from "./program.js";
import { Transcript } from "./terminal.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** The lines of so many messages of 1,800 bytes are more than a pipe holds, and fewer than its writer may have buffered. */
const MORE_THAN_A_PIPE_HOLDS = 38;

(process.platform === "win32" ? describe.skip : describe)("the signals that stop the usmp program", () => {
  const programs = new Programs();
  const clients: UsmpClient[] = [];
  const facades: Usmp[] = [];
  let folder: string;
  let unread: number;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "usmp-spec-"));
    expect(spawnSync("mkfifo", [join(folder, "pipe")]).status).to.equal(0);
    // Both ends of it, none of which is ever read.
    unread = openSync(join(folder, "pipe"), files.O_RDWR);
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.disconnect()));
    await Promise.all(facades.splice(0).map((facade) => facade.close()));
    await programs.end();
    closeSync(unread);
    rmSync(folder, { recursive: true });
  });

  async function connect(port: number): Promise<UsmpClient> {
    const client = new UsmpClient({ host: "127.0.0.1", port, psk: PSK });
    clients.push(client);
    await client.connect();
    return client;
  }

  /** Makes the gateway print more than its unread output takes. */
  async function flood(port: number): Promise<void> {
    const client = await connect(port);
    let echoes = 0;
    client.onMessage(() => echoes++);
    for (let sent = 0; sent < 2 * MORE_THAN_A_PIPE_HOLDS; sent++)
      void client.sendAsync("x".repeat(1_800)).catch(() => {});
    await eventually(() => (echoes >= MORE_THAN_A_PIPE_HOLDS ? true : null));
  }

  function kill({ child }: Program, signal: NodeJS.Signals): void {
    process.kill(child.pid as number, signal);
  }

  for (const signal of SIGNALS) {
    it(`${signal} says BYE to the devices, over UDP as well, and succeeds`, async () => {
      const { program } = await programs.serve(["--udp"]);
      const out = new Transcript(program.child.stdout as NodeJS.ReadableStream);
      const [, udpPort] = await program.err.match(/"transport":"udp"[^\n]*"port":(\d+)/, PATIENCE_MS);
      const facade = new Usmp(PSK, { reconnect: false });
      facades.push(facade);
      const reason = new Promise<string>((resolve) => facade.onDisconnect(({ code }) => resolve(code)));
      expect(await facade.begin(Usmp.UDP("127.0.0.1", Number(udpPort)))).to.equal(true);
      kill(program, signal);
      expect(await reason).to.equal("BYE");
      expect(await program.exit).to.deep.equal([0, null]);
      expect(out.text).to.match(/ left: .*\(CLOSED\)\n$/);
    });

    it(`a second ${signal} ends it with 128 and its number`, async () => {
      const { program, port } = await programs.serve(["--echo", "--grace", "600000"], { stdout: unread });
      await flood(port);
      kill(program, signal);
      await program.err.match(/gateway\.stopping/, PATIENCE_MS);
      const end = await killUntilEnd(program.child.pid as number, signal, program.exit);
      expect(end).to.deep.equal([128 + constants.signals[signal], null]);
    });
  }

  it("a second signal of another kind ends it at once", async () => {
    const { program, port } = await programs.serve(["--echo", "--grace", "600000"], { stdout: unread });
    await flood(port);
    kill(program, "SIGINT");
    await program.err.match(/gateway\.stopping/, PATIENCE_MS);
    kill(program, "SIGTERM");
    expect(await program.exit).to.deep.equal([143, null]);
  });

  it("ends after its grace although nobody reads its output, and serves others until then (case 81)", async () => {
    const { program, port } = await programs.serve(["--echo", "--grace", "300"], { stdout: unread });
    await flood(port);
    const other = await connect(port);
    await other.ping();
    kill(program, "SIGTERM");
    expect((await other.session?.closed)?.code).to.equal("BYE");
    expect(await program.exit).to.deep.equal([0, null]);
  });

  describe("as process 1 of a container", function () {
    const unshare = process.platform === "linux" ? processOne() : null;
    const wrap = (command: readonly string[]): readonly string[] => [...(unshare ?? []), ...command];

    before(function () {
      if (unshare === null) this.skip();
    });

    it("ends after its grace although nobody reads its output (case 81)", async () => {
      const { program, port } = await programs.serve(["--echo", "--grace", "300"], { stdout: unread, wrap });
      await flood(port);
      process.kill(childOf(program), "SIGTERM");
      expect(await program.exit).to.deep.equal([0, null]);
    });

    it("ends at the second signal with 128 and its number", async () => {
      const { program, port } = await programs.serve(["--echo", "--grace", "600000"], { stdout: unread, wrap });
      await flood(port);
      const pid = childOf(program);
      process.kill(pid, "SIGTERM");
      await program.err.match(/gateway\.stopping/, PATIENCE_MS);
      expect(await killUntilEnd(pid, "SIGTERM", program.exit)).to.deep.equal([143, null]);
    });
  });

  it("serves and ends while its terminal is held, as by Ctrl-S", async function () {
    if (process.platform !== "linux" || spawnSync("script", ["--version"]).status !== 0) this.skip();
    const log = join(folder, "log");
    const wrap = (command: readonly string[]): readonly string[] => {
      const line = command.map((word) => `'${word}'`).join(" ");
      return ["script", "-qec", `exec ${line} 2>${log}`, "/dev/null"];
    };
    // What `script` cannot pass on, it no longer reads from the terminal.
    const args = ["serve", "--host", "127.0.0.1", "--port", "0", "--log", "--echo", "--grace", "300"];
    const program = programs.start(args, { stdout: unread, wrap });
    const port = await eventually(() => /"port":(\d+)/.exec(readIfThere(log))?.[1] ?? null);
    const pid = childOf(program);
    await flood(Number(port));
    const more = await connect(Number(port));
    for (let sent = 0; sent < 100; sent++) void more.sendAsync("x".repeat(1_800)).catch(() => {});
    await (await connect(Number(port))).ping();
    process.kill(pid, "SIGTERM");
    await eventually(() => (isAlive(pid) ? null : true));
  });
});

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Whether it still runs: `script`, which is held itself, does not ask for its exit code. */
function isAlive(pid: number): boolean {
  return !/^\d+ \(.*\) [ZX]/.test(readIfThere(`/proc/${pid}/stat`) || "0 () X");
}
