import { expect } from "chai";
import fc from "fast-check";
import { HandshakeTable, type HandshakeTicket } from "../../../lib/gateway/admission/handshake-table.js";

/** A table, and which handshakes had to make way: by the names that the spec gives them. */
class Table {
  readonly table: HandshakeTable;
  readonly ended: string[] = [];
  readonly tickets = new Map<string, HandshakeTicket>();

  constructor(most: number, mostPerAddress: number) {
    this.table = new HandshakeTable(most, mostPerAddress);
  }

  enter(address: string, name: string, isKnown = false): void {
    this.tickets.set(
      name,
      this.table.enter(address, isKnown, () => this.ended.push(name)),
    );
  }

  leave(name: string): void {
    this.table.release(this.tickets.get(name)!);
  }
}

/** The same, in the most obvious way: one list, the oldest first, searched from end to end. */
class Model {
  readonly #most: number;
  readonly #mostPerAddress: number;
  #held: { readonly name: string; readonly address: string; readonly asKnown: boolean }[] = [];
  /** Since when each address holds as many as it does: who came to a number first goes first. */
  readonly #since = new Map<string, number>();
  #time = 0;
  readonly ended: string[] = [];

  constructor(most: number, mostPerAddress: number) {
    this.#most = most;
    this.#mostPerAddress = mostPerAddress;
  }

  get names(): string[] {
    return this.#held.map(({ name }) => name);
  }

  enter(address: string, name: string, isKnown: boolean): void {
    const own = this.#held.filter((each) => each.address === address);
    const strangers = this.#held.filter(({ asKnown }) => !asKnown);
    const known = this.#held.filter(({ asKnown }) => asKnown);
    // An address stays what it was when it came, as long as it holds any.
    const asKnown = own[0]?.asKnown ?? isKnown;
    let victim: string | undefined;
    if (own.length >= this.#mostPerAddress) victim = own[0]!.name;
    else if (!isKnown && strangers.length >= Math.max(1, Math.floor(this.#most / 2)))
      victim = this.#heaviest(strangers);
    else if (this.#held.length >= this.#most)
      victim = this.#heaviest(this.#mostOf(strangers) >= this.#mostOf(known) ? strangers : known);
    if (victim !== undefined) {
      this.leave(victim);
      this.ended.push(victim);
    }
    this.#held.push({ name, address, asKnown });
    this.#since.set(address, this.#time++);
  }

  leave(name: string): void {
    const leaving = this.#held.find((each) => each.name === name);
    if (leaving === undefined) return;
    this.#held = this.#held.filter((each) => each !== leaving);
    this.#since.set(leaving.address, this.#time++);
  }

  #counts(of: readonly { readonly address: string }[]): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { address } of of) counts.set(address, (counts.get(address) ?? 0) + 1);
    return counts;
  }

  #mostOf(of: readonly { readonly address: string }[]): number {
    return Math.max(0, ...this.#counts(of).values());
  }

  #heaviest(of: readonly { readonly address: string; readonly name: string }[]): string | undefined {
    const counts = this.#counts(of);
    const most = this.#mostOf(of);
    const heavy = [...counts.keys()].filter((address) => counts.get(address) === most);
    heavy.sort((a, b) => this.#since.get(a)! - this.#since.get(b)!);
    return of.find(({ address }) => address === heavy[0])?.name;
  }
}

describe("HandshakeTable", () => {
  it("counts who is in", () => {
    const { table } = new Table(4, 4);
    const ticket = table.enter("a", false, () => {});
    table.enter("b", true, () => {});
    expect(table.size).to.equal(2);
    table.release(ticket);
    table.release(ticket);
    expect(table.size).to.equal(1);
  });

  it("ends the oldest of an address that has as many as it may", () => {
    const rig = new Table(100, 2);
    for (const name of ["a1", "a2", "a3", "a4"]) rig.enter("a", name);
    expect(rig.ended).to.deep.equal(["a1", "a2"]);
    expect(rig.table.size).to.equal(2);
  });

  it("ends one of the address that holds most where it is full, never the newcomer", () => {
    const rig = new Table(8, 16);
    for (const name of ["a1", "b1", "b2", "b3"]) rig.enter(name[0]!, name);
    rig.enter("c", "c1");
    expect(rig.ended).to.deep.equal(["b1"]);
    rig.enter("d", "d1");
    expect(rig.ended).to.deep.equal(["b1", "b2"]);
    expect(rig.table.size).to.equal(4);
  });

  it("gives strangers one half, within which they make way for each other, and the known all that is free", () => {
    const rig = new Table(8, 16);
    for (let at = 0; at < 20; at++) rig.enter(`stranger ${at}`, `s${at}`);
    expect(rig.table.size).to.equal(4);
    for (let at = 0; at < 4; at++) rig.enter(`known ${at}`, `k${at}`, true);
    expect(rig.table.size).to.equal(8);
    expect(rig.ended).to.deep.equal(Array.from({ length: 16 }, (_, at) => `s${at}`));
    rig.enter("known 9", "k9", true);
    expect(rig.ended.at(-1), "the known do not make way while strangers hold as many each").to.equal("s16");
  });

  it("lets no number of strangers end a handshake of who is known, where each holds one", () => {
    const rig = new Table(8, 16);
    for (let at = 0; at < 4; at++) rig.enter(`known ${at}`, `k${at}`, true);
    for (let at = 0; at < 1_000; at++) rig.enter(`stranger ${at}`, `s${at}`);
    expect(rig.ended.filter((name) => name.startsWith("k"))).to.deep.equal([]);
  });

  it("lets the known who hold more make way for a stranger", () => {
    const rig = new Table(4, 4);
    for (const name of ["k1", "k2", "k3", "k4"]) rig.enter("known", name, true);
    rig.enter("stranger", "s1");
    expect(rig.ended).to.deep.equal(["k1"]);
  });

  it("holds one where it may hold one", () => {
    const rig = new Table(1, 1);
    rig.enter("a", "a1");
    rig.enter("b", "b1");
    rig.enter("b", "b2", true);
    expect([rig.ended, rig.table.size]).to.deep.equal([["a1", "b1"], 1]);
  });

  it("is whole again when it ends one: that one may leave, or another come, at once", () => {
    const table = new HandshakeTable(2, 1);
    let inner: HandshakeTicket | undefined;
    const first: HandshakeTicket = table.enter("a", false, () => {
      table.release(first);
      inner = table.enter("b", true, () => {});
    });
    const second = table.enter("a", false, () => {});
    expect(table.size).to.equal(2);
    table.release(second);
    table.release(inner!);
    expect(table.size).to.equal(0);
  });

  it("does what a slow and obvious model does, whoever comes and goes", () => {
    const step = fc.record({
      address: fc.integer({ min: 0, max: 6 }),
      isKnown: fc.boolean(),
      leaves: fc.option(fc.nat({ max: 30 }), { freq: 2 }),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(step, { maxLength: 120 }),
        (most, mostPerAddress, steps) => {
          const rig = new Table(most, mostPerAddress);
          const model = new Model(most, mostPerAddress);
          for (const [at, { address, isKnown, leaves }] of steps.entries()) {
            if (leaves === null) {
              rig.enter(String(address), `h${at}`, isKnown);
              model.enter(String(address), `h${at}`, isKnown);
            } else {
              const name = [...rig.tickets.keys()][leaves];
              if (name === undefined) continue;
              rig.leave(name);
              model.leave(name);
            }
            expect(rig.ended).to.deep.equal(model.ended);
            expect(rig.table.size).to.equal(model.names.length);
            expect(rig.table.size).to.be.at.most(most);
          }
        },
      ),
      { seed: 256, numRuns: 300 },
    );
  });

  it("takes no longer where it is full and large", () => {
    const table = new HandshakeTable(100_000, 16);
    // Looking at all of them for each would take hours.
    for (let at = 0; at < 200_000; at++) table.enter(`address ${at}`, at % 2 === 0, () => {});
    expect(table.size).to.equal(100_000);
  });
});
