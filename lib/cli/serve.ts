import {
  TcpTransport,
  UdpTransport,
  UsmpServer,
  type CipherName,
  type ListeningAddress,
  type LogFields,
  type Logger,
  type UsmpSession,
} from "../index.js";
import { ExitCode, type Context } from "./context.js";
import { findKey, type KeyOptions } from "./key-source.js";
import { makeKey } from "./keygen.js";
import { LineLimit } from "./line-limit.js";
import { pasteLines } from "./paste-lines.js";
import type { LimitOptions } from "./limits.js";
import { escapeControls, printable } from "./printable.js";

export interface ServeOptions extends KeyOptions {
  readonly host: string;
  readonly port: number;
  /** On UDP as well as TCP. */
  readonly udp?: boolean;
  readonly echo?: boolean;
  readonly cipher: CipherName;
  readonly limit?: LimitOptions;
  /** In milliseconds. */
  readonly grace: number;
  readonly log?: boolean;
}

/** `usmp serve`: a gateway that prints every message, and with `--echo` sends it back. Runs until it is stopped. */
export async function serve(options: ServeOptions, context: Context): Promise<ExitCode> {
  const { host, port, cipher, udp = false, echo = false, limit = {}, grace: graceMs, log = false } = options;
  const givenKey = await findKey(options, context);
  const key = givenKey ?? makeKey();
  const server = new UsmpServer({ psk: key, cipher, ...limit, ...(log ? { logger: jsonLogger(context) } : {}) });
  server.onSession((session) => converse(session, echo, context));
  const refusals = new LineLimit((line) => context.tell(line));
  server.on("refused", (error, from) => refusals.line(`refused ${from}: ${escapeControls(error.message)}`));
  server.onError((error) => context.tell(escapeControls(error.message)));

  const tcp = new TcpTransport(host, port);
  const addresses = await server.listen(tcp, ...(udp ? [new UdpTransport(host, port)] : []));
  await announce(addresses, givenKey === null ? (key as string) : null, options, context);
  if (context.signal.aborted) await server.stop({ graceMs });
  else await server.serve({ signal: context.signal, graceMs });
  return ExitCode.OK;
}

async function announce(
  addresses: readonly ListeningAddress[],
  newKey: string | null,
  { echo, cipher }: ServeOptions,
  { stdout }: Context,
): Promise<void> {
  for (const { address, port, transport } of addresses) {
    const place = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
    await stdout.line(`listening on ${place} (${transport})${echo === true ? ", echoing" : ""}`);
  }
  if (newKey === null) return;
  const { address, port } = addresses[0] as ListeningAddress;
  for (const line of pasteLines({ key: newKey, address, port, cipher })) await stdout.line(line);
}

/** JSON escapes whatever a terminal would act on, but for what only hides or reorders text. */
function jsonLogger(context: Context): Logger {
  const at = (level: string) => (event: string, fields: LogFields) =>
    context.write(
      `${escapeControls(JSON.stringify({ time: new Date().toISOString(), level, event, ...fields }))}\n`,
      "stderr",
    );
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** A message stands after ">", so that none can look like a line of ours. */
async function converse(session: UsmpSession, echo: boolean, { stdout }: Context): Promise<void> {
  const { deviceId } = session;
  await stdout.line(`${deviceId} connected from ${session.remoteAddress} port ${session.remotePort}`);
  for await (const message of session) {
    await stdout.line(`${deviceId} > ${printable(message)}`);
    // Where it fails the session is over, and the loop ends with what had arrived before.
    if (echo) await session.sendAsync(message).catch(() => {});
  }
  const reason = await session.closed;
  await stdout.line(`${deviceId} left: ${escapeControls(reason.message)} (${reason.code})`);
}
