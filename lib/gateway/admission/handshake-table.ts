/**
 * The unfinished handshakes, bounded in total and per address. A full table refuses no peer: it evicts the oldest
 * handshake of the address that holds the most, so an attacker who stalls many handshakes displaces only its own. Half
 * of the table is reserved for known addresses; strangers evict each other within the other half.
 */
export interface HandshakeTicket {
  readonly holder: Holder;
  /** Ends the evicted handshake. */
  readonly end: () => void;
}

/** An address with unfinished handshakes. */
interface Holder {
  readonly address: string;
  readonly ranking: Ranking;
  /** The oldest first. */
  readonly tickets: Set<HandshakeTicket>;
}

export class HandshakeTable {
  readonly #most: number;
  readonly #mostPerAddress: number;
  readonly #mostStrangers: number;
  readonly #holders = new Map<string, Holder>();
  readonly #known = new Ranking();
  readonly #strangers = new Ranking();

  constructor(most: number, mostPerAddress: number) {
    this.#most = most;
    this.#mostPerAddress = mostPerAddress;
    this.#mostStrangers = Math.max(1, Math.floor(most / 2));
  }

  get size(): number {
    return this.#known.tickets + this.#strangers.tickets;
  }

  /** Takes a place, and synchronously ends the handshake that it evicts, if any. Give the place back by `release`. */
  enter(address: string, isKnown: boolean, end: () => void): HandshakeTicket {
    const ranking = isKnown ? this.#known : this.#strangers;
    const present = this.#holders.get(address);
    const victim = this.#victim(present, ranking);
    const holder = present ?? { address, ranking, tickets: new Set() };
    const ticket: HandshakeTicket = { holder, end };
    // Remove the victim first: it may be this address's only handshake.
    if (victim !== null) this.release(victim);
    this.#holders.set(address, holder);
    holder.ranking.move(holder, () => holder.tickets.add(ticket));
    victim?.end();
    return ticket;
  }

  /** Gives the place back. Does nothing if the handshake was evicted or released before. */
  release(ticket: HandshakeTicket): void {
    const { holder } = ticket;
    if (!holder.tickets.has(ticket)) return;
    holder.ranking.move(holder, () => holder.tickets.delete(ticket));
    if (holder.tickets.size === 0) this.#holders.delete(holder.address);
  }

  #victim(present: Holder | undefined, ranking: Ranking): HandshakeTicket | null {
    if (present !== undefined && present.tickets.size >= this.#mostPerAddress) return oldest(present);
    if (ranking === this.#strangers && ranking.tickets >= this.#mostStrangers) return ranking.heaviest();
    if (this.size < this.#most) return null;
    return (this.#strangers.most >= this.#known.most ? this.#strangers : this.#known).heaviest();
  }
}

/** Holders by how many tickets they hold, to find the holder of the most without a look at the others. */
class Ranking {
  /** `#levels[n]` are the holders of n tickets, in the order in which they reached n. */
  readonly #levels: Set<Holder>[] = [];
  #most = 0;
  #tickets = 0;

  /** Tickets of all holders. */
  get tickets(): number {
    return this.#tickets;
  }

  /** Tickets of the holder that has the most. */
  get most(): number {
    return this.#most;
  }

  /** The oldest ticket of a holder that has the most; null if there is none. */
  heaviest(): HandshakeTicket | null {
    const holder = this.#levels[this.#most]?.values().next().value;
    return holder === undefined ? null : oldest(holder);
  }

  /** `change` adds or removes exactly one ticket of `holder`. */
  move(holder: Holder, change: () => void): void {
    const before = holder.tickets.size;
    this.#levels[before]?.delete(holder);
    change();
    const after = holder.tickets.size;
    this.#tickets += after - before;
    if (after > 0) (this.#levels[after] ??= new Set()).add(holder);
    // Each move changes one ticket, so the maximum changes by one at most.
    this.#most = Math.max(this.#most, after);
    if (this.#most > 0 && this.#levels[this.#most]?.size === 0) this.#most--;
  }
}

function oldest({ tickets }: Holder): HandshakeTicket | null {
  return tickets.values().next().value ?? null;
}
