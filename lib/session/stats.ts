import type { UsmpError } from "../errors.js";

/** The counts of a session, or of all the sessions of a facade. Frames and bytes include the handshake. */
export interface SessionStats {
  /** Bytes written to and read from the network. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly framesSent: number;
  readonly framesReceived: number;
  /** Frames that were retransmitted, because their acknowledgement did not come; 0 over streams. */
  readonly retransmissions: number;
  /** Whole messages: sealed for sending, and received and verified. */
  readonly messagesSent: number;
  readonly messagesReceived: number;
  /** Messages that a `send` refused: it returned false. */
  readonly refusedSends: number;
  /** Messages dropped because the application had not listened or read yet. */
  readonly droppedMessages: number;
  /** Messages that wait to be read now; over several sessions, those of the live ones. */
  readonly unreadMessages: number;
  /** Bytes that the network has not taken yet; over several sessions, those of the live ones. */
  readonly unsentBytes: number;
  /**
   * The round trip in milliseconds: that of the last PING; over datagrams, the one measured from acknowledgements. Null
   * before the first.
   */
  readonly roundTripMs: number | null;
}

const NOTHING: SessionStats = {
  bytesSent: 0,
  bytesReceived: 0,
  framesSent: 0,
  framesReceived: 0,
  retransmissions: 0,
  messagesSent: 0,
  messagesReceived: 0,
  refusedSends: 0,
  droppedMessages: 0,
  unreadMessages: 0,
  unsentBytes: 0,
  roundTripMs: null,
};

/** The sum over several sessions; the round trip is the last one that was measured. */
function sumStats(all: readonly SessionStats[]): SessionStats {
  return all.reduce(
    (sum, stats) => ({
      bytesSent: sum.bytesSent + stats.bytesSent,
      bytesReceived: sum.bytesReceived + stats.bytesReceived,
      framesSent: sum.framesSent + stats.framesSent,
      framesReceived: sum.framesReceived + stats.framesReceived,
      retransmissions: sum.retransmissions + stats.retransmissions,
      messagesSent: sum.messagesSent + stats.messagesSent,
      messagesReceived: sum.messagesReceived + stats.messagesReceived,
      refusedSends: sum.refusedSends + stats.refusedSends,
      droppedMessages: sum.droppedMessages + stats.droppedMessages,
      unreadMessages: sum.unreadMessages + stats.unreadMessages,
      unsentBytes: sum.unsentBytes + stats.unsentBytes,
      roundTripMs: stats.roundTripMs ?? sum.roundTripMs,
    }),
    NOTHING,
  );
}

/** The counts over all sessions of a gateway. */
export interface ServerStats extends SessionStats {
  /** Sessions that were established. `reconnects` counts those that were not the first of their device or life. */
  readonly sessions: number;
  readonly reconnects: number;
}

/** The counts of a facade, over all its sessions. */
export interface UsmpStats extends ServerStats {
  /** Messages, and their bytes, that the offline queue holds. */
  readonly queuedMessages: number;
  readonly queuedBytes: number;
  /** The last failure; null if there was none. */
  readonly lastError: UsmpError | null;
}

/** The counts of a device's inbox and offline queue, which outlive its sessions. */
export type DeviceWaiting = Pick<UsmpStats, "droppedMessages" | "unreadMessages" | "queuedMessages" | "queuedBytes">;

/**
 * Adds to the `totals` of all sessions what waits in a device, and the sends that were refused for want of a session.
 */
export function facadeStats(
  totals: ServerStats,
  waiting: DeviceWaiting,
  refusedSends: number,
  lastError: UsmpError | null,
): UsmpStats {
  return {
    ...totals,
    ...waiting,
    refusedSends: totals.refusedSends + refusedSends,
    droppedMessages: totals.droppedMessages + waiting.droppedMessages,
    lastError,
  };
}

/** The part of a session that {@link SessionTotals} needs. */
interface Counted {
  stats(): SessionStats;
}

/** Sums the counts of all sessions. It keeps only the live sessions in memory. */
export class SessionTotals {
  readonly #live = new Set<Counted>();
  #ended: SessionStats = NOTHING;
  #sessions = 0;
  #reconnects = 0;

  /** Adds a new session; `again`: its device, or life, had one before. */
  add(session: Counted, again: boolean): void {
    this.#sessions++;
    if (again) this.#reconnects++;
    this.#live.add(session);
  }

  /** Takes over the counts of a session that has ended. */
  end(session: Counted): void {
    if (!this.#live.delete(session)) return;
    // Nothing waits in an ended session: only the counters add up.
    this.#ended = { ...sumStats([this.#ended, session.stats()]), unreadMessages: 0, unsentBytes: 0 };
  }

  /** The totals so far. */
  stats(): ServerStats {
    const sum = sumStats([this.#ended, ...[...this.#live].map((session) => session.stats())]);
    return { ...sum, sessions: this.#sessions, reconnects: this.#reconnects };
  }
}
