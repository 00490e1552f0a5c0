import type { UsmpSession } from "../session/session.js";
import type { UsmpStatus } from "../session/status.js";
import { describeDialer } from "../transport/contained.js";
import type { Dialer } from "../transport/transport.js";
import type { ReconnectState } from "./reconnect-machine.js";

/** A state of the reconnect machine as users see it. */
export function statusOf(state: ReconnectState, dialer: Dialer | null, session: UsmpSession | null): UsmpStatus {
  const transport = dialer === null ? "" : describeDialer(dialer);
  switch (state.name) {
    case "idle":
      return { state: "idle" };
    case "opening":
    case "handshaking":
      return { state: state.name, attempt: state.attempt, transport };
    case "established":
      return { state: "established", attempt: state.attempt, transport, sessionId: session?.sessionId ?? "" };
    case "backoff":
      return { state: "backoff", attempt: state.attempt, transport, delayMs: state.delayMs, reason: state.error };
    case "closed":
      return { state: "closed", reason: state.error };
  }
}
