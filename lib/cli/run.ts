import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { ownMembers } from "../core/own-members.js";
import { formatDeviceId, parseDeviceId } from "../core/wire/device-id.js";
import { causeText } from "../errors.js";
import { isUsmpError, type CipherName } from "../index.js";
import { CIPHERS } from "../session/options.js";
import { DEFAULT_PORT } from "../transport/place.js";
import { LONGEST_TIMER_MS } from "../transport/system-clock.js";
import { parsePort } from "./address.js";
import { connect, type ConnectOptions } from "./connect.js";
import { Context, ExitCode, UsageError, type Surroundings } from "./context.js";
import { init } from "./init.js";
import { keygen, type KeygenOptions } from "./keygen.js";
import { addLimit, limitLines, type LimitOptions } from "./limits.js";
import { ownPackage } from "./own-package.js";
import { escapeControls } from "./printable.js";
import { serve, type ServeOptions } from "./serve.js";

const DEFAULT_WAIT_MS = 1_000;
const DEFAULT_GRACE_MS = 5_000;
/** Ten years. */
const LONGEST_ROTATION_DAYS = 3_650;

/** Runs one command line (without the program's name). Resolves with the exit code and never rejects. */
export async function run(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const context = new Context(surroundings);
  let exitCode: ExitCode = ExitCode.OK;
  try {
    await createProgram(context, (code) => (exitCode = code)).parseAsync(argv, { from: "user" });
  } catch (error) {
    exitCode = explain(error, context);
  }
  return context.finish(exitCode);
}

function createProgram(context: Context, finish: (exitCode: ExitCode) => void): Command {
  const program = new Command("usmp")
    .description(
      "Exchange encrypted messages between devices and gateways: run either from the command line, and make keys.",
    )
    .version(ownPackage().version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.write(text, "stdout"),
      writeErr: (text) => context.write(text, "stderr"),
      // One line, like all errors of this program.
      outputError: (text) =>
        context.tell(
          escapeControls(
            text
              .trim()
              .replace(/^error: /, "")
              .replace(/\n/g, " "),
          ),
        ),
    });

  withKeyOptions(
    program
      .command("serve")
      .option("--keys <file>", "serve the devices in this key file, and apply its edits while running"),
  )
    .description(
      "Run a gateway that prints what devices send. Without a key, it makes one and prints the lines to paste on a device.",
    )
    .option(
      "-p, --port <port>",
      "port to listen on; 0 picks a free one",
      // Not parsePort itself: commander passes the previous value as a second argument, which is not the least port.
      usage<number>((text) => parsePort(text)),
      DEFAULT_PORT,
    )
    .option("--host <address>", "address to listen on", "0.0.0.0")
    .option("-u, --udp", "also listen on UDP")
    .option("-e, --echo", "send every message back to its device")
    .option(
      "--cipher <name>",
      `cipher to accept; give it twice to accept both (choices: ${CIPHERS.join(", ")}; default: ${CIPHERS[0]})`,
      collectCiphers,
    )
    .option("--limit <name=number>", "set one of the limits listed below; repeat it for more", anotherLimit)
    .option(
      "--grace <ms>",
      "when stopped, wait at most this long for work in progress",
      usage(parseTime),
      DEFAULT_GRACE_MS,
    )
    .option("--log", "log every event to stderr as a line of JSON")
    .addHelpText("after", `\nLimits and their defaults (explained in docs/gateway.md):\n${limitLines()}`)
    .action(async (options: ServeOptions) => finish(await serve(ownMembers(options), context)));

  withKeyOptions(program.command("connect"))
    .description("Act as a device: send each line of the input, and print each message received.")
    .argument("<host[:port]>", "gateway to connect to (default port: 9000; IPv6: [::1]:9000)")
    .option(
      "-w, --wait <ms>",
      "after the input ends, exit once no message has arrived for this long",
      usage(parseTime),
      DEFAULT_WAIT_MS,
    )
    .option("-u, --udp", "connect over UDP instead of TCP")
    .addOption(new Option("--cipher <name>", "cipher of the gateway").choices(CIPHERS).default(CIPHERS[0]))
    .option("--rekey-after <ms>", "rotate the session keys at this age; 0 never does", usage(parseTime), 0)
    .option("-r, --reconnect", "retry until connected, and reconnect when the session is lost")
    .option(
      "--device-id <id>",
      'id of this device, such as 24:0a:c4:01:02:03; "mac" takes this machine\'s (default: random)',
    )
    .action(async (target: string, options: ConnectOptions) =>
      finish(await connect(target, ownMembers(options), context)),
    );

  program
    .command("keygen")
    .description("Make a key: 64 random hex characters, which both sides use as they stand.")
    .option("-o, --out <file>", "write the key to a new file that only you can read")
    .option("--keys <file>", "add the key to this key file; it is created if it does not exist")
    .option("--device <id>", "id of the device that gets the key, such as 24:0a:c4:01:02:03", usage(parseDevice))
    .option("--name <name>", "a name to show beside the device id")
    .option("--rotate <days>", "accept the device's current key for this many more days", usage(parseDays))
    .option("-f, --force", "replace an existing file, or the device's existing key")
    .action(async (options: KeygenOptions) => finish(await keygen(ownMembers(options), context)));

  program
    .command("init")
    .description("Create a small project: a device written like an Arduino sketch, its gateway, a test and a key.")
    .argument("<folder>", "folder to create; its last part becomes the project's name")
    .action(async (folder: string) => finish(await init(folder, context)));
  return program;
}

function withKeyOptions(command: Command): Command {
  return command
    .option("--psk-file <file>", "read the key from this file, pipe or /dev/stdin")
    .option("--psk <key>", "the key itself (other users of this machine can see it)")
    .addHelpText(
      "after",
      "\nGive the key with --psk-file, --psk or the environment variable USMP_PSK. It needs at least 16 bytes.\n" +
        'The key is the text itself. To give a key in hex digits, put "hex:" in front.',
    );
}

function parseTime(text: string): number {
  const time = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (time <= LONGEST_TIMER_MS) return time;
  throw new UsageError(`${JSON.stringify(text)} is not a valid time: give milliseconds, 0 to ${LONGEST_TIMER_MS}`);
}

/** An option that may be given several times. */
function collectCiphers(text: string, before: readonly CipherName[] = []): readonly CipherName[] {
  const cipher = CIPHERS.find((name) => name === text);
  if (cipher === undefined) throw new InvalidArgumentError(`Allowed choices are ${CIPHERS.join(", ")}.`);
  return [...before, cipher];
}

function parseDevice(text: string): string {
  return formatDeviceId(parseDeviceId(text));
}

function parseDays(text: string): number {
  const days = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (days >= 1 && days <= LONGEST_ROTATION_DAYS) return days;
  throw new UsageError(`${JSON.stringify(text)} is not a valid time: give days, 1 to ${LONGEST_ROTATION_DAYS}`);
}

function anotherLimit(text: string, before?: LimitOptions): LimitOptions {
  return usage((given) => addLimit(given, before))(text);
}

/** Makes a parser's error one that commander prints with the name of the option. */
function usage<Value>(parse: (text: string) => Value): (text: string) => Value {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(causeText(error));
    }
  };
}

function explain(error: unknown, context: Context): ExitCode {
  // Commander has already printed its error. Help and version also end here.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.OK : ExitCode.USAGE;
  context.tell(escapeControls(causeText(error)));
  const isUsage = error instanceof UsageError || (isUsmpError(error) && error.code === "INVALID_ARG");
  return isUsage ? ExitCode.USAGE : ExitCode.FAILURE;
}
