import assert from "node:assert/strict";
import type { UsmpError } from "../../errors.js";
import type { DatagramAcceptor, DatagramPeer, Dialer, Link, Listener } from "../../transport/transport.js";
import { CaseList, until, type ConformanceCase } from "./cases.js";

/** What the cases need of a datagram transport under test. */
export interface DatagramTransportRig {
  /** An acceptor that does not listen yet, at a place that nothing else uses. */
  acceptor(): DatagramAcceptor;
  dialer(listener: Listener): Dialer;
  /** Waits until `ready`, within a bound, moving time if it is simulated. Default: at most 30 s. */
  eventually?(ready: () => boolean): Promise<void>;
}

interface Came {
  readonly from: DatagramPeer;
  readonly bytes: Uint8Array;
}

/** What a link reported to its handlers. */
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

/** As `streamTransportCases`, for a transport whose links carry datagrams. */
export function datagramTransportCases(open: () => DatagramTransportRig): readonly ConformanceCase[] {
  let rig: Required<DatagramTransportRig>;
  let listener: Listener;
  let came: Came[];
  const links: Link[] = [];
  const { cases, it } = new CaseList(async (body) => {
    const given = open();
    rig = {
      acceptor: () => given.acceptor(),
      dialer: (to) => given.dialer(to),
      eventually: (ready) => given.eventually?.(ready) ?? until(ready),
    };
    came = [];
    listener = await rig.acceptor().listen({
      onDatagram: (bytes, from) => came.push({ from, bytes: Uint8Array.from(bytes) }),
      onError: (error) => assert.fail(error.message),
    });
    try {
      await body();
    } finally {
      for (const link of links.splice(0)) link.destroy();
      await listener.close();
    }
  });

  async function dial(): Promise<{ link: Link; told: Told }> {
    const link = await rig.dialer(listener).dial();
    links.push(link);
    return { link, told: new Told(link) };
  }

  it("carries datagrams whole and apart, of 0 to 492 bytes, both ways", async () => {
    const { link, told } = await dial();
    assert.equal(link.carries, "datagrams");
    const lengths = [1, 0, 7, 492];
    for (const length of lengths) link.send(new Uint8Array(length).fill(length), () => {});
    await rig.eventually(() => came.length === lengths.length);
    assert.deepEqual(came.map(({ bytes }) => bytes.length).sort(), lengths.toSorted());
    for (const { from, bytes } of came) from.send(bytes);
    await rig.eventually(() => told.bytes.length === lengths.length);
    assert.deepEqual(told.bytes.map(({ length }) => length).sort(), lengths.toSorted());
  });

  it("tells peers apart by address and port, one key for each", async () => {
    const [one, other] = [await dial(), await dial()];
    one.link.send(Uint8Array.of(1), () => {});
    other.link.send(Uint8Array.of(2), () => {});
    one.link.send(Uint8Array.of(1), () => {});
    await rig.eventually(() => came.length === 3);
    const keys = new Map(came.map(({ from, bytes }) => [bytes[0], from.key]));
    assert.equal(new Set(keys.values()).size, 2);
    assert.equal(came.filter(({ from }) => from.key === keys.get(1)).length, 2);
    came.find(({ bytes }) => bytes[0] === 2)!.from.send(Uint8Array.of(9));
    await rig.eventually(() => other.told.bytes.length === 1);
    assert.deepEqual(one.told.bytes, []);
  });

  it("says when a datagram was handed over, never synchronously", async () => {
    const { link } = await dial();
    let flushed = 0;
    link.send(Uint8Array.of(1), () => flushed++);
    assert.equal(flushed, 0);
    await rig.eventually(() => flushed === 1 && came.length === 1);
    let sent = 0;
    came[0]!.from.send(Uint8Array.of(1), (trouble) => (trouble === undefined ? sent++ : assert.fail(trouble.message)));
    assert.equal(sent, 0);
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
    assert.equal(told.closed, 0);
    await rig.eventually(() => told.closed === 1 && came.length === 1);
    link.send(Uint8Array.of(2), () => assert.fail("sent after the end"));
    link.destroy();
    came[0]!.from.send(Uint8Array.of(3));
    const other = await dial();
    other.link.destroy();
    other.link.destroy();
    await rig.eventually(() => other.told.closed === 1);
    assert.deepEqual([told.closed, told.bytes.length], [1, 0]);
  });

  it("throws nothing if no listener is left", async () => {
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

  return cases;
}
