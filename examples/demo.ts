/**
 * A gateway and a device on this machine, each in a process of its own, over a real socket. `npm run demo`
 *
 * Each step has to happen within its time; the exit code is 0 only when all did.
 */
import { fork, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Usmp, type UsmpError } from "usmp";

const GATEWAY = fileURLToPath(new URL("demo-gateway.ts", import.meta.url));
/** Generous: a slow machine is no failure. */
const STEP_MS = 5_000;
const TOTAL_MS = 14_000;

const psk = randomBytes(32).toString("hex");
const deadline = AbortSignal.timeout(TOTAL_MS);
const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort(new Error("interrupted")));

/** The gateways so far, the running one last. */
const gateways: ChildProcess[] = [];
// A demo does not wait for 2 to 30 seconds, as a fleet of devices should.
const usmp = new Usmp(psk, { reconnect: { minDelayMs: 100, maxDelayMs: 400 } });
// The demo kills its gateway, so attempts do fail meanwhile: each step has its own time limit.
usmp.onError(() => {});

function say(text: string): void {
  console.log(`  device   ${text}`);
}

/** What `promise` resolves with; fails when it takes too long. */
async function within<Value>(what: string, promise: Promise<Value>): Promise<Value> {
  const late = AbortSignal.any([AbortSignal.timeout(STEP_MS), deadline, interrupted.signal]);
  const giveUp = new AbortController();
  const tooLate = once(late, "abort", { signal: giveUp.signal }).then(
    () => Promise.reject(new Error(`${what}: ${interrupted.signal.aborted ? "interrupted" : "not in time"}`)),
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    giveUp.abort();
  }
}

function check(fact: boolean, what: string): asserts fact {
  if (!fact) throw new Error(`did not happen: ${what}`);
}

async function startGateway(port: number): Promise<number> {
  const env = { ...process.env, DEMO_PSK: psk, DEMO_PORT: String(port) };
  const gateway = fork(GATEWAY, { env });
  gateways.push(gateway);
  const early = once(gateway, "exit").then(() => Promise.reject(new Error("the gateway ended before it listened")));
  const [listening] = (await within("the gateway starts", Promise.race([once(gateway, "message"), early]))) as [number];
  // From now on its end is no failure in itself.
  early.catch(() => {});
  return listening;
}

function nextMessage(): Promise<Uint8Array> {
  return new Promise((resolve) => usmp.once("message", (data) => resolve(data)));
}

async function echo(message: string | Uint8Array, shown: string): Promise<void> {
  const answer = nextMessage();
  check(usmp.send(message), `sending ${shown}`);
  const received = await within(`the echo of ${shown}`, answer);
  check(Buffer.from(message).equals(received), `the echo of ${shown} is what was sent`);
  say(`sent ${shown}, got it back`);
}

async function demo(): Promise<void> {
  console.log("1. A gateway, and a device that connects to it");
  const port = await startGateway(0);
  check(await within("the device connects", usmp.begin(Usmp.TCP("127.0.0.1", port))), "the device connects");
  const firstSession = usmp.sessionId();
  say(`connected as ${usmp.deviceId()}, session ${firstSession.slice(0, 8)}...`);

  console.log("2. Messages, the longest of 1808 bytes");
  await echo("hello", '"hello"');
  await echo("21.5 °C", '"21.5 °C"');
  await echo(randomBytes(1808), "1808 random bytes");

  console.log("3. New keys in the running session");
  await within("the key rotation", usmp.rekey());
  say("keys rotated");
  await echo("under new keys", '"under new keys"');
  check(usmp.sessionId() === firstSession, "the session went on through the key rotation");

  console.log("4. The gateway is killed and starts again; the device comes back by itself");
  const lost = new Promise<UsmpError>((resolve) => usmp.once("disconnect", (reason) => resolve(reason)));
  const back = new Promise<void>((resolve) => usmp.once("reconnect", () => resolve()));
  gateways.at(-1)?.kill("SIGKILL");
  say(`session over: ${(await within("the device notices the loss", lost)).code}`);
  check(!usmp.send("into the void"), "a send without a session is refused");
  await startGateway(port);
  await within("the device reconnects", back);
  check(usmp.sessionId() !== "" && usmp.sessionId() !== firstSession, "the new session is another one");
  say(`reconnected, session ${usmp.sessionId().slice(0, 8)}...`);
  await echo("still here", '"still here"');

  console.log("5. Goodbye");
  await within("closing", usmp.close());
  check(!usmp.alive(), "the session is closed");
  say("closed");
  check((await stopGateway()) === 0, "the gateway ends well");
}

/** The running gateway's exit code, once it has ended. */
async function stopGateway(): Promise<number | null> {
  const gateway = gateways.at(-1);
  if (gateway === undefined) return null;
  const exit = once(gateway, "exit") as Promise<[number | null]>;
  // What it is there for: the end of this channel ends it.
  gateway.disconnect();
  return (await within("the gateway ends", exit))[0];
}

try {
  await demo();
  console.log(`All of it happened, in ${(performance.now() / 1000).toFixed(1)} s.`);
} catch (error) {
  console.error(`The demo failed. ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
  await usmp.close();
  for (const gateway of gateways) gateway.kill("SIGKILL");
}
