import {
  TcpTransport,
  UdpTransport,
  UsmpServer,
  type CipherName,
  type ListeningAddress,
  type UsmpSession,
} from "../index.js";
import { CIPHERS } from "../session/options.js";
import { ExitCode, type Context } from "./context.js";
import { findKey, type KeyOptions } from "./key-source.js";
import { makeKey } from "./keygen.js";
import { LineLimit } from "./line-limit.js";
import { pasteLines } from "./paste-lines.js";
import { escapeControls, printable } from "./printable.js";

export interface ServeOptions extends KeyOptions {
  readonly host: string;
  readonly port: number;
  /** On UDP as well as TCP. */
  readonly udp?: boolean;
  readonly echo?: boolean;
  /** Those that are accepted, one by default. */
  readonly cipher?: readonly CipherName[];
}

/** `usmp serve`: a gateway that prints every message, and with `--echo` sends it back. Runs until it is stopped. */
export async function serve(options: ServeOptions, context: Context): Promise<ExitCode> {
  const { host, port, cipher: ciphers = CIPHERS.slice(0, 1), udp = false, echo = false } = options;
  const givenKey = await findKey(options, context);
  const key = givenKey ?? makeKey();
  const server = new UsmpServer({ psk: key, ciphers });
  const conversations = new Set<Promise<void>>();
  server.onSession((session) => {
    const conversation = converse(session, echo, context);
    conversations.add(conversation);
    void conversation.finally(() => conversations.delete(conversation));
  });
  const refusals = new LineLimit((line) => context.tell(line));
  server.on("refused", (error, from) => refusals.line(`refused ${from}: ${escapeControls(error.message)}`));
  server.onError((error) => context.tell(escapeControls(error.message)));

  const tcp = new TcpTransport(host, port);
  const addresses = await server.listen(tcp, ...(udp ? [new UdpTransport(host, port)] : []));
  await announce(addresses, givenKey === null ? (key as string) : null, options, context);
  if (!context.signal.aborted) await server.serve({ signal: context.signal });
  await server.stop();
  await Promise.all(conversations);
  return ExitCode.OK;
}

async function announce(
  addresses: readonly ListeningAddress[],
  newKey: string | null,
  { echo, cipher: [cipher = CIPHERS[0]] = [] }: ServeOptions,
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
