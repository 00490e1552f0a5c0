import { requireNumber } from "../../core/arguments.js";
import { ownMembers } from "../../core/own-members.js";
import { UsmpError } from "../../errors.js";

/** Dialing ends get ports from here up, as from a system (RFC 6335). */
export const FIRST_EPHEMERAL_PORT = 49_152;

/** What one direction of a simulated connection does to what it carries. Everything is off by default. */
export interface StreamConditions {
  /** How long bytes are in flight, in milliseconds. */
  readonly latencyMs?: number | undefined;
  /** Up to this much is added to the latency, in milliseconds, evenly spread. A stream keeps its order all the same. */
  readonly jitterMs?: number | undefined;
  /**
   * Cuts the stream at random places, whatever the sends were, so that chunks hold parts of one send and parts of
   * several. A chunk is overwritten once `onBytes` returned, which uncovers a receiver that keeps what it borrowed.
   */
  readonly split?: boolean | undefined;
}

/** The same for datagrams, which also get lost, doubled and overtaken. Probabilities are from 0 to 1. */
export interface DatagramConditions {
  readonly latencyMs?: number | undefined;
  /** Up to this much is added to the latency of each datagram, which alone lets later ones overtake. */
  readonly jitterMs?: number | undefined;
  /** How likely a datagram never arrives. */
  readonly loss?: number | undefined;
  /** How likely a second copy arrives, with a latency of its own. */
  readonly duplicate?: number | undefined;
  /** How likely a datagram is held back for `reorderByMs`, so that later ones overtake it. */
  readonly reorder?: number | undefined;
  /** Default 20. */
  readonly reorderByMs?: number | undefined;
}

/** Conditions for both ways: from the side that dialed towards the one that accepted, and back. */
export interface BothWays<Conditions> {
  readonly toAcceptor?: Conditions | undefined;
  readonly toDialer?: Conditions | undefined;
}

/** For each way an object that inherits nothing. */
export interface CheckedConditions<Conditions> {
  readonly toAcceptor: Conditions;
  readonly toDialer: Conditions;
}

/** A copy. @throws {UsmpError} INVALID_ARG for a negative or endless time, or a probability outside 0 to 1 */
export function checkedConditions<Conditions extends StreamConditions | DatagramConditions>(
  conditions: BothWays<Conditions>,
): CheckedConditions<Conditions> {
  const { toAcceptor, toDialer } = ownMembers(conditions, "conditions");
  const checked = { toAcceptor: ownMembers(toAcceptor, "toAcceptor"), toDialer: ownMembers(toDialer, "toDialer") };
  for (const oneWay of [checked.toAcceptor, checked.toDialer]) {
    for (const [name, value] of Object.entries(oneWay)) {
      if (value === undefined || typeof value === "boolean") continue;
      const most = name.endsWith("Ms") ? Number.MAX_SAFE_INTEGER : 1;
      requireNumber(name, value);
      if (!(value >= 0 && value <= most)) {
        throw new UsmpError("INVALID_ARG", `${name} must be a number from 0 to ${most}, got ${value}`);
      }
    }
  }
  return checked;
}
