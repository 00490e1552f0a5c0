import { DEFAULT_GATEWAY_SETTINGS } from "../gateway/accept.js";
import { LIMIT_NAMES } from "../gateway/admission/limits.js";
import { UsageError } from "./context.js";

/** The options of the table in docs/gateway.md#limits. */
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

/** The values of `--limit`, by name. */
export type LimitOptions = { readonly [Name in LimitName]?: number };

/** Adds one `name=number`. The library checks the number's range. @throws UsageError for another form or name. */
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

/** The limits and their defaults, one a line, for the help. */
export function limitLines(): string {
  return NAMES.map((name) => `  ${name}=${DEFAULT_GATEWAY_SETTINGS[name]}`).join("\n");
}
