import type { UsmpError } from "../errors.js";
import { errorFields, type EventLog } from "./event-log.js";

/** The status of a facade. `transport` describes its destination; `attempt` counts up for the life of the facade. */
export type UsmpStatus =
  | { readonly state: "idle" }
  | { readonly state: "listening" }
  | { readonly state: "opening" | "handshaking"; readonly attempt: number; readonly transport: string }
  | { readonly state: "established"; readonly attempt: number; readonly transport: string; readonly sessionId: string }
  | {
      readonly state: "backoff";
      readonly attempt: number;
      readonly transport: string;
      /** From the start of this state to the next attempt, in milliseconds. */
      readonly delayMs: number;
      readonly reason: UsmpError;
    }
  | { readonly state: "closed"; readonly reason: UsmpError };

/** Logs one event for each change: a warning for "backoff", else information. */
export function logStatus(log: EventLog, status: UsmpStatus): void {
  const level = status.state === "backoff" ? "warn" : "info";
  // A gateway logs its own events.
  if (status.state === "listening" || status.state === "idle") return;
  log.log(level, `device.${status.state}`, () => {
    switch (status.state) {
      case "opening":
      case "handshaking":
        return { attempt: status.attempt, transport: status.transport };
      case "established":
        return { attempt: status.attempt, transport: status.transport, sessionId: status.sessionId };
      case "backoff": {
        const { attempt, transport, delayMs, reason } = status;
        return { attempt, transport, delayMs: Math.round(delayMs), ...errorFields(reason) };
      }
      case "closed":
        return errorFields(status.reason);
    }
  });
}
