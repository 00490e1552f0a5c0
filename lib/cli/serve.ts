import {
  TcpTransport,
  UdpTransport,
  UsmpServer,
  type CipherName,
  type KeyFile,
  type ListeningAddress,
  type LogFields,
  type Logger,
  type PskSource,
  type UsmpSession,
} from "../index.js";
import { CIPHERS } from "../session/options.js";
import { ExitCode, UsageError, type Context } from "./context.js";
import { findKey, type KeyOptions, makeKey, wipeKey } from "./key-source.js";
import { LineLimit } from "./line-limit.js";
import { pasteLines } from "./paste-lines.js";
import type { LimitOptions } from "./limits.js";
import { escapeControls, printable } from "./printable.js";
import { labelOf, openKeys } from "./served-keys.js";

export interface ServeOptions extends KeyOptions {
  /** A key file of many devices. */
  readonly keys?: string;
  readonly host: string;
  readonly port: number;
  /** Listen on UDP as well as TCP. */
  readonly udp?: boolean;
  readonly echo?: boolean;
  /** The ciphers to accept; by default one. */
  readonly cipher?: readonly CipherName[];
  readonly limit?: LimitOptions;
  /** How long to wait for work in progress when stopped, in milliseconds. */
  readonly grace: number;
  readonly log?: boolean;
}

/** `usmp serve`: a gateway that prints every message, and with `--echo` sends it back. Runs until it is stopped. */
export async function serve(options: ServeOptions, context: Context): Promise<ExitCode> {
  const { host, port, cipher: ciphers = CIPHERS.slice(0, 1), udp = false, echo = false } = options;
  const { limit = {}, grace: graceMs, log = false } = options;
  const logger = log ? jsonLogger(context) : null;
  const { keys, psk, newKey } = await secretsOf(options, logger, context);
  const server = new UsmpServer({ psk, ciphers, ...limit, ...(logger === null ? {} : { logger }) });
  wipeKey(psk);
  server.onSession((session) => converse(session, labelOf(session.deviceId, keys), echo, context));
  // With --log, stderr holds nothing but the lines of JSON.
  const tell = logger === null ? (line: string) => context.tell(escapeControls(line)) : () => {};
  const refusals = new LineLimit(tell);
  server.on("refused", (error, from, deviceId) =>
    refusals.line(`refused ${deviceId === null ? "" : `${deviceId} from `}${from}: ${error.message}`),
  );
  server.onError((error) => tell(error.message));

  try {
    const tcp = new TcpTransport(host, port);
    const addresses = await server.listen(tcp, ...(udp ? [new UdpTransport(host, port)] : []));
    context.running(graceMs);
    announce(addresses, newKey, options, context);
    if (context.signal.aborted) await server.stop({ graceMs });
    else await server.serve({ signal: context.signal, graceMs });
  } finally {
    await keys?.close();
  }
  return ExitCode.OK;
}

interface Secrets {
  readonly psk: PskSource;
  readonly keys: KeyFile | null;
  /** The key that was made for this run, if none was given. */
  readonly newKey: string | null;
}

async function secretsOf(options: ServeOptions, logger: Logger | null, context: Context): Promise<Secrets> {
  if (options.keys !== undefined) {
    if (options.psk !== undefined || options.pskFile !== undefined)
      throw new UsageError("give either --keys or one key for all devices (--psk-file, --psk)");
    const keys = await openKeys(options.keys, logger, context);
    return { psk: keys, keys, newKey: null };
  }
  const given = await findKey(options, context);
  if (given !== null) return { psk: given, keys: null, newKey: null };
  const newKey = makeKey();
  return { psk: newKey, keys: null, newKey };
}

/** Does not wait for a reader of the output: devices are served meanwhile. */
function announce(
  addresses: readonly ListeningAddress[],
  newKey: string | null,
  { echo, cipher: [cipher = CIPHERS[0]] = [] }: ServeOptions,
  { stdout, program }: Context,
): void {
  for (const { address, port, transport } of addresses) {
    const place = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
    void stdout.line(`listening on ${place} (${transport})${echo === true ? ", echoing" : ""}`);
  }
  if (newKey === null) return;
  const { address, port } = addresses[0] as ListeningAddress;
  for (const line of pasteLines({ key: newKey, address, port, cipher, program })) void stdout.line(line);
}

/** Writes ASCII only: characters that a terminal would act on, or that hide or reorder text, are escaped. */
function jsonLogger(context: Context): Logger {
  const at = (level: string) => (event: string, fields: LogFields) => {
    const line = JSON.stringify({ time: new Date().toISOString(), level, event, ...fields });
    const escaped = line.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
    context.write(`${escaped}\n`, "stderr");
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Prints each message after ">", so that a message cannot look like a line of this program. */
async function converse(session: UsmpSession, label: string, echo: boolean, { stdout }: Context): Promise<void> {
  const { deviceId } = session;
  await stdout.line(`${label} connected from ${session.remoteAddress} port ${session.remotePort}`);
  for await (const message of session) {
    await stdout.line(`${deviceId} > ${printable(message)}`);
    // If it fails, the session is over, and the loop ends after the messages that had arrived.
    if (echo) await session.sendAsync(message).catch(() => {});
  }
  const reason = await session.closed;
  await stdout.line(`${deviceId} left: ${escapeControls(reason.message)} (${reason.code})`);
}
