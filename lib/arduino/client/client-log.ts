import type { LogFields, Logger } from "../../session/event-log.js";
import {
  USMP_LOG_LEVEL_DEBUG,
  USMP_LOG_LEVEL_ERROR,
  USMP_LOG_LEVEL_INFO,
  USMP_LOG_LEVEL_NONE,
  USMP_LOG_LEVEL_WARN,
} from "./constants.js";

/** A client's log on stderr, in the format of the board's library: `[W][usmp] device.backoff delayMs=2000`. */
export class ClientLog implements Logger {
  /** The highest level that is logged. */
  level: number = USMP_LOG_LEVEL_NONE;

  debug(event: string, fields: LogFields): void {
    this.#write(USMP_LOG_LEVEL_DEBUG, "D", event, fields);
  }

  info(event: string, fields: LogFields): void {
    this.#write(USMP_LOG_LEVEL_INFO, "I", event, fields);
  }

  warn(event: string, fields: LogFields): void {
    this.#write(USMP_LOG_LEVEL_WARN, "W", event, fields);
  }

  error(event: string, fields: LogFields): void {
    this.#write(USMP_LOG_LEVEL_ERROR, "E", event, fields);
  }

  #write(level: number, letter: string, event: string, fields: LogFields): void {
    if (level > this.level) return;
    const details = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
    process.stderr.write(`[${letter}][usmp] ${event}${details.join("")}\n`);
  }
}
