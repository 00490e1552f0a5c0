import { getEventListeners } from "node:events";
import { expect } from "chai";
import { checkDeviceSettings, DEFAULT_DEVICE_SETTINGS, dialSession, type DialRequest } from "../../lib/device/dial.js";
import { UsmpError } from "../../lib/errors.js";
import type { OwnedSession } from "../../lib/session/session.js";
import type { Dialer, Link } from "../../lib/transport/transport.js";
import { counted, utf8 } from "../support/core-bytes.js";
import { crypto } from "../support/core-crypto.js";
import { expectCode } from "../support/core-errors.js";
import { ScriptedLink } from "../support/session-link.js";
import { NetworkRig, TEXT_PSK } from "../support/session-network.js";
import { isPending, microtasks, rejectionOf } from "../support/session-waits.js";

function dialerOf(dial: () => Promise<Link>): Dialer {
  return { describe: () => "scripted", dial };
}

function request(rig: NetworkRig, more: Partial<DialRequest> = {}): DialRequest {
  return {
    dialer: rig.network.dialer(),
    crypto,
    psk: utf8(TEXT_PSK),
    deviceId: counted(6, 1),
    settings: { ...DEFAULT_DEVICE_SETTINGS, clock: rig.clock },
    signal: new AbortController().signal,
    onSession: () => {},
    ...more,
  };
}

describe("device settings", () => {
  it("are right by default: PING after 30 s, a sign of life within another 30 s", () => {
    checkDeviceSettings(DEFAULT_DEVICE_SETTINGS);
    expect(DEFAULT_DEVICE_SETTINGS).to.include({
      keepaliveMs: 30_000,
      pongTimeoutMs: 30_000,
      rekeyAfterMs: 0,
      rekeyAfterFrames: 2 ** 30,
    });
  });

  it("refuse a negative duration with INVALID_ARG", () => {
    expectCode(() => checkDeviceSettings({ ...DEFAULT_DEVICE_SETTINGS, keepaliveMs: -1 }), "INVALID_ARG");
    expectCode(() => checkDeviceSettings({ ...DEFAULT_DEVICE_SETTINGS, pongTimeoutMs: -1 }), "INVALID_ARG");
  });
});

describe("dialSession", () => {
  it("is called off at once also where the dialer does not heed its signal, and destroys a link that comes too late", async () => {
    const rig = await new NetworkRig().listen();
    const link = new ScriptedLink();
    let open: (link: Link) => void = () => {};
    const dialer = dialerOf(() => new Promise((resolve) => (open = resolve)));
    const abort = new AbortController();
    const dialing = rejectionOf(dialSession(request(rig, { dialer, signal: abort.signal })), "CLOSED");
    abort.abort();
    await dialing;
    open(link);
    await microtasks();
    expect(link.destroyed).to.equal(true);
    expect(getEventListeners(abort.signal, "abort")).to.deep.equal([]);
  });

  it("tells the link, then the session within the call that established it, and resolves with that", async () => {
    const rig = await new NetworkRig().listen();
    const told: string[] = [];
    let given: OwnedSession | undefined;
    const dialing = dialSession(
      request(rig, {
        onLink: () => told.push("link"),
        onSession: (session) => {
          told.push("session");
          given = session;
        },
      }),
    );
    expect(await rig.settled(dialing)).to.equal(given);
    expect(told).to.deep.equal(["link", "session"]);
  });

  it("wipes its copy of the PSK, whatever comes of it", async () => {
    const rig = await new NetworkRig().listen();
    const psks = [utf8(TEXT_PSK), utf8("another key of 16 bytes"), utf8(TEXT_PSK)] as const;
    await rig.settled(dialSession(request(rig, { psk: psks[0] })));
    await rejectionOf(rig.settled(dialSession(request(rig, { psk: psks[1] }))), "AUTH");
    const dialer = dialerOf(() => Promise.reject(new UsmpError("TRANSPORT", "refused")));
    await rejectionOf(dialSession(request(rig, { dialer, psk: psks[2] })), "TRANSPORT");
    expect(psks.map((psk) => psk.some((byte) => byte !== 0))).to.deep.equal([false, false, false]);
  });

  it("rejects when the link of a failed handshake is gone, not before", async () => {
    const rig = new NetworkRig();
    const link = new ScriptedLink();
    const dialing = dialSession(request(rig, { dialer: dialerOf(async () => link) }));
    const rejected = rejectionOf(dialing, "FRAME");
    await microtasks();
    link.deliver(utf8("HTTP/1.1 400 Bad Request\r\n"));
    expect([link.destroyed, await isPending(dialing)]).to.deep.equal([true, true]);
    link.close();
    await rejected;
    expect(rig.clock.pending).to.equal(0);
  });

  it("aborted while the handshake runs ends the link, rejects with CLOSED, and forgets the signal", async () => {
    const rig = new NetworkRig();
    const link = new ScriptedLink();
    const controller = new AbortController();
    const dialing = dialSession(request(rig, { dialer: dialerOf(async () => link), signal: controller.signal }));
    const rejected = rejectionOf(dialing, "CLOSED");
    await microtasks();
    const reason = new Error("changed my mind");
    controller.abort(reason);
    expect(link.ended || link.destroyed).to.equal(true);
    link.close();
    expect((await rejected).cause).to.equal(reason);
    expect([rig.clock.pending, getEventListeners(controller.signal, "abort").length]).to.deep.equal([0, 0]);
  });

  it("aborted while it opened ends the link that came all the same", async () => {
    const rig = new NetworkRig();
    const link = new ScriptedLink();
    const controller = new AbortController();
    const dialer = dialerOf(async () => (controller.abort(), link));
    const rejected = rejectionOf(dialSession(request(rig, { dialer, signal: controller.signal })), "CLOSED");
    await microtasks();
    expect(link.ended || link.destroyed).to.equal(true);
    link.close();
    await rejected;
  });

  it("holds on to no signal once there is a session: a late abort ends nothing", async () => {
    const rig = await new NetworkRig().listen();
    const controller = new AbortController();
    const session = await rig.settled(dialSession(request(rig, { signal: controller.signal })));
    expect(getEventListeners(controller.signal, "abort")).to.have.lengthOf(0);
    controller.abort();
    await rig.still();
    expect(session.session.isConnected).to.equal(true);
  });
});
