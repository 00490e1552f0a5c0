// What the package promises on every runtime, on the one that runs this. Prints "ok ..." or "not ok ..." for each.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { clearTimeout, setTimeout } from "node:timers";
import { Usmp } from "usmp";

const PSK = "usmp-dev-psk-change-me-before-prod";
/** How this runtime runs a file. */
const RUN = JSON.parse(process.env.SMOKE_RUN);
const LIMIT_MS = 45_000;
const CLI = "node_modules/usmp/dist/cli.js";
const env = { ...process.env, USMP_PSK: PSK };

/** Everything to be closed or ended, whatever happens. */
let cleanups = [];

function soon(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${LIMIT_MS} ms`)), LIMIT_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** A process on this runtime. */
function start(file, ...args) {
  const [program, ...options] = RUN;
  const child = spawn(program, [...options, file, ...args], { env });
  const started = { child, out: "", err: "" };
  let heard = () => {};
  child.stdout.on("data", (chunk) => ((started.out += chunk), heard()));
  child.stderr.on("data", (chunk) => ((started.err += chunk), heard()));
  started.exit = new Promise((resolve) => child.on("close", (code, signal) => resolve(code ?? signal)));
  started.matched = (pattern) =>
    soon(
      new Promise((resolve) => {
        heard = () => {
          const found = pattern.exec(started.out + started.err);
          if (found !== null) resolve(found);
        };
        heard();
      }),
      `${pattern} of ${file}`,
    ).catch((error) => {
      throw new Error(`${error.message} in ${JSON.stringify(started.out + started.err)}`);
    });
  cleanups.push(() => child.kill("SIGKILL"));
  return started;
}

function facade(options) {
  const made = new Usmp(PSK, options);
  cleanups.push(() => made.close());
  return made;
}

/** The next message of a device. */
function answer(device) {
  return soon(new Promise((resolve) => device.onMessage((data) => resolve(data.toString()))), "the answer");
}

function check(value, expected) {
  if (value !== expected) throw new Error(`${JSON.stringify(value)} where ${JSON.stringify(expected)} was expected`);
}

const cases = [];
for (const carrier of ["TCP", "UDP"]) {
  for (const cipher of ["aes-256-gcm", "chacha20-poly1305"]) {
    cases.push([`import: messages both ways over ${carrier}, ${cipher}`, () => converse(carrier, cipher)]);
  }
  cases.push([`reconnects over ${carrier} after its gateway was killed`, () => comeBack(carrier)]);
}
cases.push(
  ["require: a device and its gateway", required],
  ["usmp --version", version],
  ["usmp keygen, serve and connect", commandLine],
);

async function converse(carrier, cipher) {
  const gateway = facade({ cipher });
  gateway.onMessage((data, _length, session) => void session.send(data));
  const [{ port }] = await soon(gateway.listen(Usmp[carrier]("127.0.0.1", 0)), "listening");
  const device = facade({ cipher, reconnect: false });
  if (!(await soon(device.begin(Usmp[carrier]("127.0.0.1", port)), "a session")))
    throw new Error(device.lastErrorString());
  for (const text of ["hello", "x".repeat(1_808)]) {
    const answered = answer(device);
    device.send(text);
    check(await answered, text);
  }
}

async function comeBack(carrier) {
  const gateway = start("peer.mjs", carrier.toLowerCase(), "0");
  const [, port] = await gateway.matched(/listening (\d+)\n/);
  const device = facade({ keepaliveMs: 1_000, reconnect: { minDelayMs: 50, maxDelayMs: 500 } });
  const lost = new Promise((resolve) => device.onDisconnect(resolve));
  const again = new Promise((resolve) => device.onReconnect(resolve));
  if (!(await soon(device.begin(Usmp[carrier]("127.0.0.1", Number(port))), "a session")))
    throw new Error(device.lastErrorString());
  gateway.child.kill("SIGKILL");
  await gateway.exit;
  await soon(lost, "the loss");
  await start("peer.mjs", carrier.toLowerCase(), port).matched(/listening/);
  await soon(again, "the next session");
  const answered = answer(device);
  device.send("still here");
  check(await answered, "still here");
}

async function required() {
  const program = start("smoke.cjs");
  check(await soon(program.exit, "its end"), 0);
  check(program.out, "required\n");
}

async function version() {
  const program = start(CLI, "--version");
  check(await soon(program.exit, "its end"), 0);
  check(program.out.trim(), JSON.parse(readFileSync("node_modules/usmp/package.json", "utf8")).version);
}

async function commandLine() {
  const keygen = start(CLI, "keygen", "--out", "usmp.key", "--force");
  check(await soon(keygen.exit, "keygen"), 0);
  const gateway = start(CLI, "serve", "--host", "127.0.0.1", "--port", "0", "--echo", "--psk-file", "usmp.key");
  const [, port] = await gateway.matched(/:(\d+) \(tcp\)/);
  const device = start(CLI, "connect", `127.0.0.1:${port}`, "--psk-file", "usmp.key");
  device.child.stdin.write("hello\n");
  await device.matched(/^hello$/m);
  device.child.stdin.end();
  check(await soon(device.exit, "the device's end"), 0);
  // Not through the child: Deno would report the signal as its end, whatever it does.
  process.kill(gateway.child.pid, "SIGTERM");
  check(await soon(gateway.exit, "the gateway's end"), 0);
}

let failed = false;
for (const [title, run] of cases) {
  try {
    await run();
    console.log(`ok ${title}`);
  } catch (error) {
    failed = true;
    console.log(`not ok ${title}: ${error.message}`);
  }
  await Promise.all(cleanups.map((clean) => clean()));
  cleanups = [];
}
process.exit(failed ? 1 : 0);
