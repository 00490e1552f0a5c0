/**
 * A node:cluster of two workers, each with a gateway on one and the same port, over TCP and over UDP. Prints what came of it as
 * JSON: how each worker's `listen` went, and how many of the handshakes succeeded.
 */
import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { isUsmpError } from "../../lib/errors.js";
import { UsmpServer } from "../../lib/gateway/server.js";
import type { AnyAcceptor, Dialer } from "../../lib/transport/transport.js";
import { Usmp } from "../../lib/usmp.js";

const PSK = "usmp-dev-psk-change-me-before-prod";
const LOOPBACK = "127.0.0.1";
const HANDSHAKES = 6;

type Kind = "tcp" | "udp";

/** Workers share a port only where both name it: 0 would give each its own. */
async function freePort(): Promise<number> {
  const gateway = new UsmpServer({ psk: PSK });
  const [address] = await gateway.listen(Usmp.TCP(LOOPBACK, 0));
  await gateway.stop();
  return address?.port ?? 0;
}

function transport(kind: Kind, port: number): AnyAcceptor & Dialer {
  return kind === "tcp" ? Usmp.TCP(LOOPBACK, port) : Usmp.UDP(LOOPBACK, port);
}

async function listenHere(kind: Kind, port: number): Promise<string> {
  try {
    await new UsmpServer({ psk: PSK }).listen(transport(kind, port));
    return "listens";
  } catch (error) {
    const { code } = (isUsmpError(error) ? error.cause : error) as { readonly code: string };
    return code;
  }
}

async function ask(worker: Worker, kind: Kind, port: number): Promise<string> {
  const answered = once(worker, "message") as Promise<[string]>;
  worker.send({ kind, port });
  return (await answered)[0];
}

async function tryOut(kind: Kind, [first, second]: readonly [Worker, Worker]): Promise<unknown> {
  const port = await freePort();
  const one = await ask(first, kind, port);
  const two = await ask(second, kind, port);
  let succeeded = 0;
  for (let each = 0; each < HANDSHAKES; each++) {
    const device = new Usmp(PSK, { reconnect: false, handshakeTimeoutMs: 2_000 });
    if (await device.begin(transport(kind, port))) succeeded++;
    await device.close();
  }
  return { kind, listens: [one, two], succeeded };
}

if (cluster.isPrimary) {
  const workers = [cluster.fork(), cluster.fork()] as const;
  await Promise.all(workers.map((worker) => once(worker, "message")));
  const results = [await tryOut("tcp", workers), await tryOut("udp", workers)];
  process.stdout.write(JSON.stringify(results));
  for (const worker of workers) worker.kill();
} else {
  process.on("message", ({ kind, port }: { readonly kind: Kind; readonly port: number }) => {
    void listenHere(kind, port).then((answer) => process.send?.(answer));
  });
  process.send?.("ready");
}
