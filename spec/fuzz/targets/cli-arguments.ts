/** The program's arguments: whatever they are, it ends, with 0, 1 or 2, says why, and writes nothing that a terminal acts on. */
import { PassThrough, Writable } from "node:stream";
import { run } from "../../../lib/cli/run.js";
import { Choices } from "../choices.js";
import { hold, same } from "../invariant.js";
import { inNoWorld, type Files } from "../no-world.js";

const KEY_FILE = "a.key";
const GIVEN_KEY = "correct horse battery";
/** From the environment and from the file: never to be seen. */
const SECRET = "staple staple staple";

/** What the program knows, and what is nearly that. */
const WORDS: readonly (readonly string[])[] = [
  ["serve"],
  ["connect"],
  ["keygen"],
  ["help"],
  ["--help"],
  ["-h"],
  ["--version"],
  ["-V"],
  ["--"],
  ["-"],
  [""],
  ["--port"],
  ["-p", "0"],
  ["--port=65536"],
  ["-p9000"],
  ["--host"],
  ["--host=::"],
  ["--udp"],
  ["-u"],
  ["--echo"],
  ["-e"],
  ["-ue"],
  ["--psk", GIVEN_KEY],
  ["--psk=hex:00ff"],
  ["--psk", "hex:00112233445566778899aabbccddeeff"],
  ["--psk"],
  ["--psk-file", KEY_FILE],
  ["--psk-file=missing"],
  ["--psk-file"],
  ["--cipher", "chacha20-poly1305"],
  ["--cipher=rot13"],
  ["--cipher"],
  ["--wait", "0"],
  ["-w", "5"],
  ["--wait=2147483647"],
  ["--wait=1e9"],
  ["--reconnect"],
  ["-r"],
  ["--device-id", "24:0a:c4:01:02:03"],
  ["--device-id=mac"],
  ["--device-id"],
  ["127.0.0.1"],
  ["127.0.0.1:1"],
  ["[::1]:9000"],
  ["::1"],
  ["[::1"],
  ["host:70000"],
  ["0.0.0.0"],
  ["a.invalid"],
  ["--out", "new.key"],
  ["-o", KEY_FILE],
  ["--out="],
  ["--force"],
  ["-f"],
  ["-of"],
  ["--no-udp"],
  ["init"],
  ["init", "my-device"],
];
const MAX_ARGUMENTS = 12;
/** Stopped, it ends at once; so much is a hang on any machine. */
const PATIENCE_MS = 8_000;
/** Everything but the end of a line. */
// eslint-disable-next-line no-control-regex -- those are what it is about
const CONTROL = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e]/;

export async function fuzz(data: Uint8Array): Promise<void> {
  const choices = new Choices(data);
  const mode = choices.byte();
  const argv = readArguments(choices);
  const files: Files = new Map([[KEY_FILE, (mode & 1) === 0 ? `${SECRET}\n` : `hex:${"00".repeat(8)}\r\n`]]);
  const env = (mode & 2) === 0 ? {} : { USMP_PSK: (mode & 4) === 0 ? SECRET : "short" };
  const stop = new AbortController();
  if ((mode & 8) === 0) stop.abort();
  const [out, err] = [new Collected(), new Collected()];
  const exitCode = await inNoWorld(files, async () => {
    const stdin = new PassThrough();
    stdin.end("a line\n");
    const running = run(argv, { stdin, stdout: out, stderr: err, env, signal: stop.signal });
    setImmediate(() => stop.abort());
    return within(running, PATIENCE_MS, argv);
  });

  const said = JSON.stringify(argv);
  hold([0, 1, 2].includes(exitCode), () => `${said} ends with ${exitCode}`);
  if (exitCode !== 0) hold(err.text !== "", () => `${said} fails without a word`);
  if (exitCode === 2) same(files.size, 1, `the files after ${said}, of which nothing was tried`);
  hold(!CONTROL.test(out.text) && !CONTROL.test(err.text), () => `${said} writes a control character`);
  hold(!out.text.includes(SECRET) && !err.text.includes(SECRET), () => `${said} shows the key`);
  for (const [file, content] of files) {
    const isNew = file !== KEY_FILE || !/^(staple|hex:)/.test(content);
    if (isNew) hold(/^[0-9a-f]{64}\n$/.test(content), () => `${said} wrote ${JSON.stringify(content)}`);
  }
}

/** Words of the program, and text of the fuzzer's own. */
function readArguments(choices: Choices): string[] {
  const argv: string[] = [];
  while (!choices.isOver && argv.length < MAX_ARGUMENTS) {
    const word = choices.byte();
    const known = WORDS[word];
    if (known !== undefined) argv.push(...known);
    else argv.push(Buffer.from(choices.bytes(word % 24)).toString());
  }
  return argv;
}

class Collected extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

async function within<Value>(promise: Promise<Value>, ms: number, argv: readonly string[]): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${JSON.stringify(argv)} does not end`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
