/**
 * The unfinished handshakes, bounded in all and per address. A full table refuses nobody: the oldest handshake of the address
 * that holds most makes way, so that whoever stalls many keeps out nobody but itself. Half of the table is kept for addresses
 * that are known; strangers make way for each other within the other half.
 */
export interface HandshakeTicket {
  readonly holder: Holder;
  /** Ends the handshake, which makes way. */
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

  /** Takes a place, and ends who has to make way for it. Give it back by `leave`. */
  enter(address: string, isKnown: boolean, end: () => void): HandshakeTicket {
    const ranking = isKnown ? this.#known : this.#strangers;
    const present = this.#holders.get(address);
    const victim = this.#victim(present, ranking);
    const holder = present ?? { address, ranking, tickets: new Set() };
    const ticket: HandshakeTicket = { holder, end };
    // First out, then in: the victim may be this address's only one.
    if (victim !== null) this.release(victim);
    this.#holders.set(address, holder);
    holder.ranking.move(holder, () => holder.tickets.add(ticket));
    victim?.end();
    return ticket;
  }

  /** Gives the place back; harmless where it was lost. */
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

/** Holders by how many tickets they hold, so that the one with most is found without looking at the others. */
class Ranking {
  /** `#levels[n]` are the holders of n; who came there first is first. */
  readonly #levels: Set<Holder>[] = [];
  #most = 0;
  #tickets = 0;

  /** Tickets of all holders. */
  get tickets(): number {
    return this.#tickets;
  }

  /** Tickets of the holder that has most. */
  get most(): number {
    return this.#most;
  }

  /** The oldest ticket of a holder that has most, null where there is none. */
  heaviest(): HandshakeTicket | null {
    const holder = this.#levels[this.#most]?.values().next().value;
    return holder === undefined ? null : oldest(holder);
  }

  /** `change` adds or removes one ticket of `holder`. */
  move(holder: Holder, change: () => void): void {
    const before = holder.tickets.size;
    this.#levels[before]?.delete(holder);
    change();
    const after = holder.tickets.size;
    this.#tickets += after - before;
    if (after > 0) (this.#levels[after] ??= new Set()).add(holder);
    // By one at a time, so it moves by one at the most.
    this.#most = Math.max(this.#most, after);
    if (this.#most > 0 && this.#levels[this.#most]?.size === 0) this.#most--;
  }
}

function oldest({ tickets }: Holder): HandshakeTicket | null {
  return tickets.values().next().value ?? null;
}
