import type { UsmpError } from "../errors.js";

/** What is counted of a session, or of all the sessions of a facade. Frames and bytes include the handshake. */
export interface SessionStats {
  /** Handed to the network, and come from it. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly framesSent: number;
  readonly framesReceived: number;
  /** Frames that were sent again, because their acknowledgement did not come; 0 over streams. */
  readonly retransmissions: number;
  /** Whole messages: sealed, and verified. */
  readonly messagesSent: number;
  readonly messagesReceived: number;
  /** Messages that a `send` did not take: it gave false. */
  readonly refusedSends: number;
  /** Dropped because nobody had listened or read yet. */
  readonly droppedMessages: number;
  /** Waiting to be read now; over several sessions, of those that live. */
  readonly unreadMessages: number;
  /** Bytes that the network has not taken yet; over several sessions, of those that live. */
  readonly unsentBytes: number;
  /** The round trip in milliseconds: of the last PING, over datagrams as acknowledgements tell it; null before the first. */
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

/** The sum of several sessions; the round trip is the last one that was measured. */
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

/** What is counted over all sessions of a gateway. */
export interface ServerStats extends SessionStats {
  /** Sessions that were established, and how many of them were not the first of their device or life. */
  readonly sessions: number;
  readonly reconnects: number;
}

/** What a facade counts over all its sessions. */
export interface UsmpStats extends ServerStats {
  /** Held by the offline queue. */
  readonly queuedMessages: number;
  readonly queuedBytes: number;
  /** The last failure, null where there was none. */
  readonly lastError: UsmpError | null;
}

/** What waits, and what a device's own inbox and offline queue count, which outlive its sessions. */
export type DeviceWaiting = Pick<UsmpStats, "droppedMessages" | "unreadMessages" | "queuedMessages" | "queuedBytes">;

/** `totals` of all sessions, what a device has beside them, and the sends that were refused for want of a session. */
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

/** A session as far as it is counted. */
interface Counted {
  stats(): SessionStats;
}

/** Counts over sessions that come and go, in memory for the live ones only. */
export class SessionTotals {
  readonly #live = new Set<Counted>();
  #ended: SessionStats = NOTHING;
  #sessions = 0;
  #reconnects = 0;

  /** A new session; `again`: its device, or life, had one before. */
  add(session: Counted, again: boolean): void {
    this.#sessions++;
    if (again) this.#reconnects++;
    this.#live.add(session);
  }

  /** The session has ended. */
  end(session: Counted): void {
    if (!this.#live.delete(session)) return;
    // What waited is no longer waiting: only what was counted adds up.
    this.#ended = { ...sumStats([this.#ended, session.stats()]), unreadMessages: 0, unsentBytes: 0 };
  }

  /** All that was counted. */
  stats(): ServerStats {
    const sum = sumStats([this.#ended, ...[...this.#live].map((session) => session.stats())]);
    return { ...sum, sessions: this.#sessions, reconnects: this.#reconnects };
  }
}
