import { expect } from "chai";
import { streamTransportCases, datagramTransportCases, type StreamTransportRig } from "../../../lib/testing/index.js";
import { TcpTransport } from "../../../lib/transport/tcp.js";
import type { Dialer, Link } from "../../../lib/transport/transport.js";

const LOOPBACK = "127.0.0.1";

/** A TCP transport whose dialled links `spoil` breaks. */
function spoilt(spoil: (link: Link) => Link): StreamTransportRig {
  const place = (port: number): TcpTransport => new TcpTransport(LOOPBACK, port);
  return {
    acceptor: () => place(0),
    acceptorAt: ({ port }) => place(port),
    dialer: ({ port }): Dialer => ({
      describe: () => "spoilt",
      dial: async (options) => spoil(await place(port).dial(options)),
    }),
  };
}

/** A link that does as `link`, but for `members`. */
function but(link: Link, members: Partial<Link>): Link {
  return {
    remoteAddress: link.remoteAddress,
    remotePort: link.remotePort,
    attach: (handlers) => link.attach(handlers),
    send: (bytes, onFlushed) => link.send(bytes, onFlushed),
    pause: () => link.pause(),
    resume: () => link.resume(),
    end: () => link.end(),
    destroy: () => link.destroy(),
    unref: () => link.unref(),
    ...members,
  };
}

/** What the case of this name says of `rig`. */
async function failureOf(name: string, rig: StreamTransportRig): Promise<string | null> {
  const found = streamTransportCases(() => rig).find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no case ${name}`);
  return found.run().then(
    () => null,
    (error: unknown) => (error as Error).name,
  );
}

describe("streamTransportCases", () => {
  it("have names of their own, for any test runner", () => {
    const names = [
      ...streamTransportCases(() => spoilt((link) => link)),
      ...datagramTransportCases(() => expect.fail("nothing is opened before a case runs")),
    ].map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
    expect(names).to.include("bytes: arrive both ways in order, whatever the sizes sent");
  });

  for (const [fault, name, spoil] of [
    [
      "flushes within send",
      "bytes: are flushed in order and never within send",
      (link) => but(link, { send: (bytes, onFlushed) => (onFlushed(), link.send(bytes, () => {})) }),
    ],
    [
      "changes a byte",
      "bytes: arrive both ways in order, whatever the sizes sent",
      (link) =>
        but(link, {
          send: (bytes, onFlushed) =>
            link.send(
              bytes.map((byte) => byte ^ 1),
              onFlushed,
            ),
        }),
    ],
    [
      "does not name its peer",
      "dialing and listening: name the peer on both sides",
      (link) => but(link, { remotePort: 1 }),
    ],
  ] as readonly [string, string, (link: Link) => Link][]) {
    it(`find a transport that ${fault}, and pass one that does not`, async () => {
      expect(
        await failureOf(
          name,
          spoilt((link) => but(link, {})),
        ),
      ).to.equal(null);
      expect(await failureOf(name, spoilt(spoil))).to.equal("AssertionError");
    });
  }
});
