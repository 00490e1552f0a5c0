import { DEFAULT_GATEWAY_SETTINGS } from "../gateway/accept.js";
import { LIMIT_NAMES } from "../gateway/admission/limits.js";
import { UsageError } from "./context.js";

/** All that docs/gateway.md lists under "Limits". */
const NAMES = [
  ...LIMIT_NAMES,
  "handshakeTimeoutMs",
  "udpHandshakeTimeoutMs",
  "sessionTimeoutMs",
  "maxUnsentBytes",
  "maxUnreadMessages",
  "maxUnreadBytes",
] as const;

type LimitName = (typeof NAMES)[number];

/** What `--limit` was given, by name. */
export type LimitOptions = { readonly [Name in LimitName]?: number };

/** Takes one more `name=number`. Whether the number is allowed is the library's to say. @throws UsageError */
export function addLimit(text: string, before: LimitOptions = {}): LimitOptions {
  const [, given = "", value = ""] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  const name = NAMES.find((each) => each === given);
  if (name === undefined)
    throw new UsageError(
      `${JSON.stringify(text)} is not a limit: give name=number, where name is one of ${NAMES.join(", ")}`,
    );
  if (!/^-?\d+(\.\d+)?$/.test(value))
    throw new UsageError(`${JSON.stringify(value)} is not a number: give ${name}=number`);
  return { ...before, [name]: Number(value) };
}

/** What there is, for the help: a line each. */
export function limitLines(): string {
  return NAMES.map((name) => `  ${name}=${DEFAULT_GATEWAY_SETTINGS[name]}`).join("\n");
}
