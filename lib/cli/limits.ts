import { LIMIT_NAMES, LIMIT_RULES, type GatewayLimits } from "../gateway/limits.js";
import { UsageError } from "./context.js";

/** What `--limit` was given, by name. */
export type LimitOptions = Partial<GatewayLimits>;

/** Takes one more `name=value`. Whether the number is allowed is the library's to say. @throws UsageError */
export function addLimit(text: string, before: LimitOptions = {}): LimitOptions {
  const [, name = "", value = ""] = /^([A-Za-z]+)=(\d{1,10})$/.exec(text) ?? [];
  if (!isLimit(name)) {
    throw new UsageError(
      `${JSON.stringify(text)} is no limit: give name=number, with one of ${LIMIT_NAMES.join(", ")}`,
    );
  }
  return { ...before, [name]: Number(value) };
}

/** What there is, for the help: a line each. */
export function limitLines(): string {
  return LIMIT_NAMES.map((name) => `  ${name}=${LIMIT_RULES[name].default}`).join("\n");
}

function isLimit(name: string): name is keyof GatewayLimits {
  return Object.hasOwn(LIMIT_RULES, name);
}
