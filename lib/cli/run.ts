import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { ownMembers } from "../core/own-members.js";
import { formatDeviceId, parseDeviceId } from "../core/device-id.js";
import { causeText } from "../errors.js";
import { isUsmpError, type CipherName } from "../index.js";
import { CIPHERS } from "../session/options.js";
import { DEFAULT_PORT, parsePort } from "./address.js";
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
const LONGEST_TIME_MS = 2 ** 31 - 1;
/** Who needs longer does not rotate. */
const LONGEST_ROTATION_DAYS = 3_650;

/** Runs one command line (without the program's name). Resolves with the exit code; never rejects. */
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
    .description("Encrypted messages between devices and gateways: a gateway, a device and keys for the command line.")
    .version(ownPackage().version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.write(text, "stdout"),
      writeErr: (text) => context.write(text, "stderr"),
      // One line, like all our errors.
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
    program.command("serve").option("--keys <file>", "read a key for each device from this file, and watch it"),
  )
    .description(
      "Run a gateway that prints what devices send. Without a key it makes one and says what to paste where.",
    )
    .option(
      "-p, --port <port>",
      "port to listen on, 0 for any free one",
      // Not parsePort itself: the program gives the value so far as well, here the default, which is no least port.
      usage<number>((text) => parsePort(text)),
      DEFAULT_PORT,
    )
    .option("--host <address>", "address to listen on", "0.0.0.0")
    .option("-u, --udp", "listen on UDP as well as TCP")
    .option("-e, --echo", "send every message back")
    .option(
      "--cipher <name>",
      `cipher of the devices, given twice: either (choices: ${CIPHERS.join(", ")}; default: ${CIPHERS[0]})`,
      collectCiphers,
    )
    .option("--limit <name=number>", "change a limit, listed below; may be given several times", anotherLimit)
    .option("--grace <ms>", "when stopped, how long answers under way may take", usage(parseTime), DEFAULT_GRACE_MS)
    .option("--log", "tell each event on stderr, as one line of JSON")
    .addHelpText("after", `\nLimits and their defaults (docs/gateway.md says what for):\n${limitLines()}`)
    .action(async (options: ServeOptions) => finish(await serve(ownMembers(options), context)));

  withKeyOptions(program.command("connect"))
    .description("Be a device: send each line of the input, print each message that comes.")
    .argument("<host[:port]>", "gateway to connect to; port 9000 by default, IPv6 as [::1]:9000")
    .option(
      "-w, --wait <ms>",
      "after the input's end, wait until nothing came for so long",
      usage(parseTime),
      DEFAULT_WAIT_MS,
    )
    .option("-u, --udp", "connect over UDP rather than TCP")
    .addOption(new Option("--cipher <name>", "cipher of the gateway").choices(CIPHERS).default(CIPHERS[0]))
    .option("--rekey-after <ms>", "rotate the keys of a session at this age, 0 for never", usage(parseTime), 0)
    .option("-r, --reconnect", "keep trying, at first and after a loss")
    .option(
      "--device-id <id>",
      'this device, such as 24:0a:c4:01:02:03, or "mac" for this machine\'s (default: random)',
    )
    .action(async (target: string, options: ConnectOptions) =>
      finish(await connect(target, ownMembers(options), context)),
    );

  program
    .command("keygen")
    .description("Make a key: 32 random bytes as 64 hex characters, to be used as they stand on both sides.")
    .option("-o, --out <file>", "write it to a new file that only you can read")
    .option("--keys <file>", "add it to this key file of many devices, which is made if need be")
    .option("--device <id>", "the device whose key it is, such as 24:0a:c4:01:02:03", usage(parseDevice))
    .option("--name <name>", "what people call that device")
    .option("--rotate <days>", "accept that device's present key for so many days more", usage(parseDays))
    .option("-f, --force", "replace that file, or that device's key, if it exists")
    .action(async (options: KeygenOptions) => finish(await keygen(ownMembers(options), context)));

  program
    .command("init")
    .description("Write a small project: a device in the manner of an Arduino sketch, its gateway, a test and a key.")
    .argument("<folder>", "where to; its last part is the project's name")
    .action(async (folder: string) => finish(await init(folder, context)));
  return program;
}

function withKeyOptions(command: Command): Command {
  return command
    .option("--psk-file <file>", "read the key from this file")
    .option("--psk <key>", "the key itself; other users of this machine can see it")
    .addHelpText(
      "after",
      "\nThe key comes from --psk-file, --psk or the variable USMP_PSK. It has at least 16 bytes and stands for its text;\n" +
        'after "hex:" it is decoded.',
    );
}

function parseTime(text: string): number {
  const time = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (time <= LONGEST_TIME_MS) return time;
  throw new UsageError(`${JSON.stringify(text)} is no time: give milliseconds, 0 to ${LONGEST_TIME_MS}`);
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
  throw new UsageError(`${JSON.stringify(text)} is no time: give days, 1 to ${LONGEST_ROTATION_DAYS}`);
}

function anotherLimit(text: string, before?: LimitOptions): LimitOptions {
  return usage((given) => addLimit(given, before))(text);
}

/** A parser for an option, with its complaint in the form that names the option. */
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
  // It has said so itself; help and version come this way too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.OK : ExitCode.USAGE;
  context.tell(escapeControls(causeText(error)));
  const isUsage = error instanceof UsageError || (isUsmpError(error) && error.code === "INVALID_ARG");
  return isUsage ? ExitCode.USAGE : ExitCode.FAILURE;
}
