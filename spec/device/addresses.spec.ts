/** A name with several addresses, over datagrams on a network in memory: which one is tried, for how long, and which is next. */
import { expect } from "chai";
import { bareUtack } from "../../lib/core/wire/utack.js";
import { FrameType } from "../../lib/core/wire/wire.js";
import type { Dialer } from "../../lib/transport/transport.js";
import type { Usmp } from "../../lib/usmp.js";
import { counted } from "../support/core-bytes.js";
import { plainFrame } from "../support/core-frames.js";
import { DatagramRig } from "../support/datagram-rig.js";

const HERE = "memory";

describe("A name with several addresses", () => {
  let rig: DatagramRig;
  let device: Usmp;
  /** Which address was dialled, in order. */
  let dialled: string[];

  beforeEach(async () => {
    rig = await new DatagramRig().listen();
    device = rig.usmp({ reconnect: { delayMs: () => 1_000 } });
    dialled = [];
  });

  afterEach(async () => {
    await rig.close();
    expect([rig.clock.pending, rig.network.openLinks]).to.deep.equal([0, 0]);
  });

  /** As a transport of the user's own would do it. */
  function nameFor(...addresses: string[]): Dialer {
    return {
      describe: () => "memory name",
      dial: async (options) => {
        const at = (addresses.indexOf(options?.after ?? "") + 1) % addresses.length;
        const address = addresses[at] as string;
        dialled.push(address);
        return Object.assign(await rig.network.dialer(address).dial(options), { addresses: addresses.length });
      },
    };
  }

  /** Something at `address` that answers each HELLO with these. */
  async function somethingAt(address: string, ...answers: Uint8Array[]): Promise<void> {
    await rig.network.acceptor(address).listen({
      onDatagram: (datagram, from) => {
        if (datagram[3] === FrameType.HELLO) for (const answer of answers) from.send(answer);
      },
      onError: () => {},
    });
  }

  /** How long `begin` takes, in simulated time. */
  async function beginTakes(dialer: Dialer): Promise<number> {
    const start = rig.clock.now();
    expect(await rig.until(device.begin(dialer)), device.lastErrorString()).to.equal(true);
    return rig.clock.now() - start;
  }

  it("is reached at the next address at once where nobody listens at the first", async () => {
    expect(await beginTakes(nameFor("nobody", HERE))).to.be.at.most(250);
    expect(dialled).to.deep.equal(["nobody", HERE]);
  });

  it("case 82: is reached at the next address after 2 s where the first one does not answer", async () => {
    await somethingAt("silent");
    expect(await beginTakes(nameFor("silent", HERE))).to.be.within(2_000, 2_500);
    expect(dialled).to.deep.equal(["silent", HERE]);
  });

  it("is not kept at an address by datagrams that are no answer of a gateway", async () => {
    const retry = plainFrame(FrameType.HELLO_RETRY, counted(16));
    const wrongCrc = Uint8Array.from(retry, (byte, at) => (at === 20 ? byte ^ 1 : byte));
    const tooShort = plainFrame(FrameType.HELLO_RETRY, counted(15));
    const proof = plainFrame(FrameType.SESSION_OK, counted(48));
    await somethingAt("junk", counted(30), wrongCrc, tooShort, proof, bareUtack(FrameType.HELLO, 0));
    expect(await beginTakes(nameFor("junk", HERE))).to.be.within(2_000, 2_500);
  });

  it("stays for the whole handshake at an address that answered, and starts behind it the next time", async () => {
    await somethingAt("half", plainFrame(FrameType.HELLO_RETRY, counted(16)));
    const begun = device.begin(nameFor("half", HERE));
    await rig.clock.advance(9_999);
    expect([dialled, device.state()]).to.deep.equal([["half"], "handshaking"]);
    expect(await rig.until(begun)).to.equal(false);
    expect(device.lastErrorString()).to.match(/^TIMEOUT: no CHALLENGE from half/);
    await rig.clock.advance(1_000);
    expect([dialled, device.state()]).to.deep.equal([["half", HERE], "established"]);
  });

  it("gives the last address the whole time, names each that was silent, and starts behind the last that failed", async () => {
    await somethingAt("one");
    await somethingAt("two");
    const begun = device.begin(nameFor("one", "two"));
    await rig.clock.advance(11_999);
    expect(dialled).to.deep.equal(["one", "two"]);
    expect(await rig.until(begun)).to.equal(false);
    expect(device.lastErrorString()).to.match(
      /^TIMEOUT: no CHALLENGE from two:0 within 10000 ms.*; before that: one:0 did not answer within 2000 ms$/,
    );
    await rig.clock.advance(1_000);
    expect(dialled).to.deep.equal(["one", "two", "one"]);
  });

  it("comes back to the first address, for the whole time, where there is no way to the others", async () => {
    await somethingAt("only");
    const dialer = nameFor("only");
    const dial = async (...options: Parameters<Dialer["dial"]>) =>
      Object.assign(await dialer.dial(...options), { addresses: 3 });
    const begun = device.begin({ ...dialer, dial });
    await rig.clock.advance(11_999);
    expect([dialled, device.state()]).to.deep.equal([["only", "only"], "handshaking"]);
    expect(await rig.until(begun)).to.equal(false);
  });

  it("is left alone by a close() between two addresses", async () => {
    await somethingAt("silent");
    const begun = device.begin(nameFor("silent", HERE));
    await rig.clock.advance(1_999);
    await rig.until(device.close());
    expect([await begun, dialled]).to.deep.equal([false, ["silent"]]);
    await rig.clock.advance(10_000);
    expect(rig.events).to.deep.equal([]);
  });
});
