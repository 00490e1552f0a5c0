/** The behaviour that every dialer, acceptor and link has that carries datagrams. */
import { expect } from "chai";
import type { UsmpError } from "../../lib/errors.js";
import type { DatagramAcceptor, DatagramPeer, Dialer, Link, Listener } from "../../lib/transport/transport.js";

export interface DatagramTransportRig {
  acceptor(): DatagramAcceptor;
  dialer(listener: Listener): Dialer;
  /** Waits until `ready`, within a bound, moving time where it is simulated. */
  eventually(ready: () => boolean): Promise<void>;
}

interface Came {
  readonly from: DatagramPeer;
  readonly bytes: Uint8Array;
}

/** What a link told. */
class Told {
  readonly bytes: Uint8Array[] = [];
  readonly troubles: UsmpError[] = [];
  closed = 0;

  constructor(link: Link) {
    link.attach({
      onBytes: (chunk) => this.bytes.push(Uint8Array.from(chunk)),
      onTransientError: (trouble) => this.troubles.push(trouble),
      onEnd: () => {},
      onClose: () => this.closed++,
    });
  }
}

export function describeDatagramConformance(open: () => DatagramTransportRig): void {
  let rig: DatagramTransportRig;
  let listener: Listener;
  let came: Came[];
  const links: Link[] = [];

  beforeEach(async () => {
    rig = open();
    came = [];
    listener = await rig.acceptor().listen({
      onDatagram: (bytes, from) => came.push({ from, bytes: Uint8Array.from(bytes) }),
      onError: (error) => expect.fail(error.message),
    });
  });

  afterEach(async () => {
    for (const link of links.splice(0)) link.destroy();
    await listener.close();
  });

  async function dial(): Promise<{ link: Link; told: Told }> {
    const link = await rig.dialer(listener).dial();
    links.push(link);
    return { link, told: new Told(link) };
  }

  it("carries datagrams whole and apart, of 0 to 492 bytes, both ways", async () => {
    const { link, told } = await dial();
    expect(link.carries).to.equal("datagrams");
    const lengths = [1, 0, 7, 492];
    for (const length of lengths) link.send(new Uint8Array(length).fill(length), () => {});
    await rig.eventually(() => came.length === lengths.length);
    expect(came.map(({ bytes }) => bytes.length)).to.have.members(lengths);
    for (const { from, bytes } of came) from.send(bytes);
    await rig.eventually(() => told.bytes.length === lengths.length);
    expect(told.bytes.map(({ length }) => length)).to.have.members(lengths);
  });

  it("tells peers apart by address and port, one key for each", async () => {
    const [one, other] = [await dial(), await dial()];
    one.link.send(Uint8Array.of(1), () => {});
    other.link.send(Uint8Array.of(2), () => {});
    one.link.send(Uint8Array.of(1), () => {});
    await rig.eventually(() => came.length === 3);
    const keys = new Map(came.map(({ from, bytes }) => [bytes[0], from.key]));
    expect(new Set(keys.values()).size).to.equal(2);
    expect(came.filter(({ from }) => from.key === keys.get(1))).to.have.lengthOf(2);
    came.find(({ bytes }) => bytes[0] === 2)!.from.send(Uint8Array.of(9));
    await rig.eventually(() => other.told.bytes.length === 1);
    expect(one.told.bytes).to.deep.equal([]);
  });

  it("says when a datagram was handed over, never synchronously", async () => {
    const { link } = await dial();
    let flushed = 0;
    link.send(Uint8Array.of(1), () => flushed++);
    expect(flushed).to.equal(0);
    await rig.eventually(() => flushed === 1 && came.length === 1);
    let sent = 0;
    came[0]!.from.send(Uint8Array.of(1), (trouble) => (trouble === undefined ? sent++ : expect.fail(trouble.message)));
    expect(sent).to.equal(0);
    await rig.eventually(() => sent === 1);
  });

  it("closes once, behind what was sent, and is silent afterwards", async () => {
    const { link, told } = await dial();
    link.pause();
    link.resume();
    link.unref();
    link.send(Uint8Array.of(1), () => {});
    link.end();
    link.end();
    expect(told.closed).to.equal(0);
    await rig.eventually(() => told.closed === 1 && came.length === 1);
    link.send(Uint8Array.of(2), () => expect.fail("sent after the end"));
    link.destroy();
    came[0]!.from.send(Uint8Array.of(3));
    const other = await dial();
    other.link.destroy();
    other.link.destroy();
    await rig.eventually(() => other.told.closed === 1);
    expect([told.closed, told.bytes.length]).to.deep.equal([1, 0]);
  });

  it("throws nothing where nobody listens any more", async () => {
    const { link } = await dial();
    link.send(Uint8Array.of(1), () => {});
    await rig.eventually(() => came.length === 1);
    listener.unref();
    await Promise.all([listener.close(), listener.close()]);
    let answered = false;
    came[0]!.from.send(Uint8Array.of(2), () => (answered = true));
    await rig.eventually(() => answered);
    let flushed = 0;
    for (let each = 0; each < 3; each++) link.send(Uint8Array.of(3), () => flushed++);
    await rig.eventually(() => flushed === 3);
  });
}
