import { expect } from "chai";

import { isUsmpError } from "../../lib/index.js";
import { Mailbox } from "../support/python-mailbox.js";
import type { PeerProcess } from "../support/python-peer.js";
import type { Carrier, OurEnd } from "./our-ends.js";

/** A session between our end and a scripted public one. */
export interface Conversation {
  readonly ours: OurEnd;
  readonly peer: PeerProcess;
}

/** §4: nothing, least, one full frame, one byte more, and the most that a message holds. */
const LENGTHS = [0, 1, 452, 453, 904, 905, 1808];

/** Enough to fill socket buffers and to be read in pieces that end anywhere. */
const BURST = 300;

/** What every session does, whoever opened it and with whichever cipher. `open` gives a new one. */
export function describeSession(carrier: Carrier, open: () => Promise<Conversation>): void {
  let ours: OurEnd;
  let peer: PeerProcess;
  let seed = 0;

  beforeEach(async () => {
    ({ ours, peer } = await open());
  });

  function message(length: number): Buffer {
    seed++;
    return Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 7 + seed * 31) & 0xff));
  }

  async function expectMessageToPeer(length: number): Promise<void> {
    const data = message(length);
    await ours.send(data);
    expect((await peer.next("message")).hex).to.equal(data.toString("hex"));
  }

  async function expectMessageToUs(length: number): Promise<void> {
    const data = message(length);
    await peer.command("send", { hex: data.toString("hex") });
    expect(Buffer.from(await ours.receive()).toString("hex")).to.equal(data.toString("hex"));
  }

  async function expectMessagesBothWays(): Promise<void> {
    for (const length of [0, 1808]) {
      await expectMessageToPeer(length);
      await expectMessageToUs(length);
    }
  }

  async function expectFrameAtPeer(type: string): Promise<void> {
    expect((await peer.next("frame")).type).to.equal(type);
  }

  it(`carries messages of ${LENGTHS.join(", ")} bytes both ways (§4)`, async () => {
    for (const length of LENGTHS) {
      await expectMessageToPeer(length);
      await expectMessageToUs(length);
    }
  });

  it("carries bursts both ways at once, whole and in order (§4)", async () => {
    const toPeer = Array.from({ length: BURST }, (_, index) => message((index * 97) % 1809));
    const toUs = Array.from({ length: BURST }, (_, index) => message((index * 89) % 1809));
    const send = async (): Promise<void> => {
      for (const data of toPeer) await ours.send(data);
    };
    const receive = async (): Promise<void> => {
      for (const data of toUs) expect(Buffer.from(await ours.receive()).toString("hex")).to.equal(data.toString("hex"));
    };
    const receiveAtPeer = async (): Promise<void> => {
      for (const data of toPeer) expect((await peer.next("message")).hex).to.equal(data.toString("hex"));
    };
    const sendAtPeer = toUs.map((data) => peer.command("send", { hex: data.toString("hex") }));
    await Promise.all([send(), receive(), receiveAtPeer(), ...sendAtPeer]);
  });

  it("has its PING answered, and answers the peer's (§4)", async () => {
    expect(await ours.ping()).to.be.at.least(0);
    await expectFrameAtPeer("PING");
    await peer.command("ping");
    await expectFrameAtPeer("PONG");
    await expectMessagesBothWays();
  });

  it("rotates the keys from its side, and again when the rules allow (§7)", async () => {
    await expectMessagesBothWays();
    await ours.rekey();
    await expectFrameAtPeer("REKEY");
    await expectMessagesBothWays();
    await ours.rekey();
    await expectFrameAtPeer("REKEY");
    await expectMessagesBothWays();
  });

  it("makes a second rotation wait until the first is confirmed (§7)", async () => {
    await Promise.all([ours.rekey(), expectFrameAtPeer("REKEY")]);
    await ours.rekey();
    await expectFrameAtPeer("PING");
    await expectFrameAtPeer("REKEY");
    await expectMessagesBothWays();
  });

  it("follows the peer's rotations, one by one and two in a row (§7)", async () => {
    const rotations = new Mailbox<string>("rekey event");
    ours.session.on("rekey", (by) => rotations.put(by));
    await expectMessagesBothWays();
    await peer.command("rekey");
    expect(await rotations.next()).to.equal("peer");
    await expectMessagesBothWays();
    await peer.command("rekey");
    await peer.command("rekey");
    expect([await rotations.next(), await rotations.next()]).to.deep.equal(["peer", "peer"]);
    await expectMessagesBothWays();
  });

  it("rotates from its side after the peer did, and the other way round (§7)", async () => {
    const rotations = new Mailbox<string>("rekey event");
    ours.session.on("rekey", (by) => rotations.put(by));
    await peer.command("rekey");
    expect(await rotations.next()).to.equal("peer");
    await expectMessageToUs(1);
    await ours.rekey();
    await expectFrameAtPeer("REKEY");
    await expectMessagesBothWays();
    await peer.command("rekey");
    expect([await rotations.next(), await rotations.next()]).to.deep.equal(["self", "peer"]);
    await expectMessagesBothWays();
  });

  // The peer's duplicate filter is not reset by a REKEY over UDP (§9), hence our numbering (§7, case 64).
  for (const frames of carrier === "udp" ? [63, 64, 70, 200] : []) {
    it(`goes on after a rotation after ${frames} frames, with 12 messages each way (§7)`, async () => {
      for (let sent = 0; sent < frames; sent++) await ours.send(message(1));
      for (let sent = 0; sent < frames; sent++) await peer.next("message");
      await Promise.all([ours.rekey(), expectFrameAtPeer("REKEY")]);
      for (let sent = 0; sent < 12; sent++) {
        await expectMessageToPeer(sent);
        await expectMessageToUs(sent);
      }
    });
  }

  it("ends with BYE, which the peer takes for the end (§4)", async () => {
    await expectMessagesBothWays();
    await ours.end();
    const { error, text } = await peer.next("closed");
    expect([error, text]).to.deep.equal(["ConnectionClosedError", "Remote sent BYE"]);
    expect((await ours.ended()).code).to.equal("CLOSED");
  });

  it("takes the peer's BYE for the end, with the code BYE (§4)", async () => {
    await expectMessagesBothWays();
    await peer.command("bye");
    expect((await ours.ended()).code).to.equal("BYE");
    const refused: unknown = await ours.session.recv().then(null, (error: unknown) => error);
    expect(isUsmpError(refused) && refused.code).to.equal("BYE");
  });

  // Over UDP nothing tells at once: the specs of each role have that one.
  if (carrier === "udp") return;

  it("ends with TRANSPORT when the peer's process is killed", async () => {
    await expectMessagesBothWays();
    await peer.kill();
    expect((await ours.ended()).code).to.equal("TRANSPORT");
  });
}
