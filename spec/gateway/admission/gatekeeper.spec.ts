import { expect } from "chai";
import type { UsmpError } from "../../../lib/errors.js";
import { Gatekeeper, type Admission } from "../../../lib/gateway/admission/gatekeeper.js";
import { DEFAULT_LIMITS, type GatewayLimits } from "../../../lib/gateway/admission/limits.js";
import { DEVICE_A, DEVICE_B } from "../../support/session-network.js";
import { thrownBy } from "../../support/facade-rig.js";

const DAY_MS = 86_400_000;

describe("Gatekeeper", () => {
  let keeper: Gatekeeper;
  let now: number;
  let ended: string[];

  function keep(limits: Partial<GatewayLimits> = {}): void {
    now = 1_000;
    ended = [];
    keeper = new Gatekeeper({ ...DEFAULT_LIMITS, ...limits }, now);
  }

  beforeEach(() => keep());

  function arrive(address: string): Admission {
    return keeper.admit(address, now, ({ code }: UsmpError) => ended.push(`${address} ${code}`));
  }

  /** Whether an arrival is let in; it stays. */
  function isLetIn(address: string): boolean {
    try {
      arrive(address);
      return true;
    } catch (error) {
      expect((error as UsmpError).code).to.equal("LIMIT");
      return false;
    }
  }

  function countLetIn(address: string, tries: number): number {
    return Array.from({ length: tries }, () => isLetIn(address)).filter(Boolean).length;
  }

  /** A whole visit up to its session. */
  function establish(address: string, deviceId = DEVICE_A, hasSession = false): Admission {
    const visit = arrive(address);
    visit.identify(deviceId, now);
    visit.establish(hasSession, now);
    return visit;
  }

  /** A handshake that shows a wrong key; for how long it is locked out. */
  function fail(address: string, deviceId = DEVICE_A): number {
    const visit = arrive(address);
    visit.identify(deviceId, now);
    visit.release(now);
    return visit.fail(now);
  }

  function refusal(step: () => unknown): string {
    const { code, message } = thrownBy(step);
    expect(code).to.equal("LIMIT");
    return message;
  }

  describe("lets in", () => {
    it("a burst of 200 from an address, then 50 a second (docs/gateway.md#limits)", () => {
      expect(countLetIn("192.0.2.1", 300)).to.equal(200);
      now += 1_000;
      expect(countLetIn("192.0.2.1", 300)).to.equal(50);
      expect(isLetIn("192.0.2.2"), "another address").to.equal(true);
    });

    it("a full burst from an address that its table has forgotten, and forgets the one that came longest ago", () => {
      keep({ maxTableEntries: 2, handshakeBurstPerAddress: 3 });
      for (const address of ["192.0.2.1", "192.0.2.2"]) expect(countLetIn(address, 9)).to.equal(3);
      expect(countLetIn("192.0.2.1", 1)).to.equal(0);
      expect(countLetIn("192.0.2.3", 9)).to.equal(3);
      expect(countLetIn("192.0.2.1", 9), "it came again").to.equal(0);
      expect(countLetIn("192.0.2.2", 9), "it was forgotten").to.equal(3);
    });

    it("an IPv6 network as one address", () => {
      const letIn = Array.from({ length: 300 }, (_, host) => isLetIn(`2001:db8:1:2::${host.toString(16)}`));
      expect(letIn.filter(Boolean)).to.have.lengthOf(200);
      expect(isLetIn("2001:db8:1:3::1")).to.equal(true);
    });

    it("1,000 a second in all, strangers half of them, and counts nothing for who is refused", () => {
      establish("192.0.2.1");
      now += 10_000;
      let strangers = 0;
      for (let at = 0; at < 2_000; at++) if (isLetIn(`stranger ${at}`)) strangers++;
      expect(strangers).to.equal(500);
      expect(countLetIn("192.0.2.1", 1_000), "the known address has its own burst").to.equal(200);
      now += 1_000;
      expect(Array.from({ length: 2_000 }, (_, at) => isLetIn(`other ${at}`)).filter(Boolean)).to.have.lengthOf(500);
    });

    it("a known address in spite of a flood from everywhere else", () => {
      establish("192.0.2.1");
      for (let second = 0; second < 10; second++) {
        for (let at = 0; at < 3_000; at++) isLetIn(`10.0.${at >> 8}.${at & 255}`);
        expect(isLetIn("192.0.2.1")).to.equal(true);
        now += 1_000;
      }
    });

    it("one more by ending an unfinished handshake, with a reason", () => {
      keep({ maxHandshakes: 4, maxHandshakesPerAddress: 4 });
      for (const address of ["a", "a", "b"]) arrive(address);
      expect(ended).to.deep.equal(["a LIMIT"]);
    });
  });

  describe("refuses a session", () => {
    it("where there are too many, to who has shown a key, and has room again when one left", () => {
      keep({ maxSessions: 1 });
      const visit = establish("a");
      expect(refusal(() => establish("b", DEVICE_B))).to.equal("too many sessions");
      visit.release(now);
      visit.release(now);
      establish("b", DEVICE_B);
      expect(
        refusal(() => establish("c", DEVICE_A)),
        "left twice, counted once",
      ).to.be.a("string");
    });

    it("where there are too many of its address", () => {
      keep({ maxSessionsPerAddress: 1 });
      establish("2001:db8::1");
      expect(refusal(() => establish("2001:db8::2", DEVICE_B))).to.equal("too many sessions");
      establish("192.0.2.1", DEVICE_B);
    });

    it("where the last place was taken during the handshake; the key was right all the same", () => {
      keep({ maxSessions: 1 });
      const visits = [DEVICE_A, DEVICE_B].map((deviceId) => {
        const visit = arrive("a");
        visit.identify(deviceId, now);
        return visit;
      });
      visits[0]!.establish(false, now);
      expect(refusal(() => visits[1]!.establish(false, now))).to.equal("too many sessions");
      visits[1]!.release(now);
      expect(keeper.handshakes.size).to.equal(0);
      expect(keeper.sessions.hasRoom("a"), "nothing was given back that was not taken").to.equal(false);
      expect(keeper.knownPairs.has(`a ${DEVICE_B}`, now)).to.equal(true);
    });

    it("case 16: by no word that tells a stranger who has a session now", () => {
      keep({ maxSessions: 1 });
      establish("a");
      for (const deviceId of [DEVICE_A, DEVICE_B]) arrive("b").identify(deviceId, now);
    });

    it("to nobody who takes the place of a session of its own", () => {
      keep({ maxSessions: 1 });
      const older = establish("a");
      establish("a", DEVICE_A, true);
      older.release(now);
      expect(keeper.sessions.hasRoom("a")).to.equal(false);
    });
  });

  describe("locks out", () => {
    it("a device at an address after five wrong keys, for 1 s doubling to 60 s, and nobody else", () => {
      expect(Array.from({ length: 5 }, () => fail("a"))).to.deep.equal([0, 0, 0, 0, 1_000]);
      expect(refusal(() => arrive("a").identify(DEVICE_A, now))).to.equal(
        "the device is locked out for another 1000 ms after wrong keys",
      );
      arrive("a").identify(DEVICE_B, now);
      arrive("b").identify(DEVICE_A, now);
      now += 999.5;
      expect(refusal(() => arrive("a").identify(DEVICE_A, now))).to.include("another 1 ms");
      now += 0.5;
      expect(fail("a")).to.equal(2_000);
    });

    it("nobody for handshakes that came to nothing otherwise", () => {
      for (let at = 0; at < 100; at++) {
        const visit = arrive("a");
        visit.identify(DEVICE_A, now);
        visit.release(now);
      }
      arrive("a").identify(DEVICE_A, now);
    });

    it("nobody who proved that key at that address within 24 hours, not even for later failures", () => {
      establish("a").release(now);
      for (let at = 0; at < 20; at++) expect(fail("a")).to.equal(0);
      now += DAY_MS - 1;
      expect(fail("a")).to.equal(0);
      now += 1;
      expect(Array.from({ length: 5 }, () => fail("a")).at(-1)).to.equal(1_000);
    });

    it("by network, where addresses are many: another address of the same one helps nobody", () => {
      for (let at = 0; at < 5; at++) fail(`2001:db8::${at}`);
      expect(refusal(() => arrive("2001:db8::99").identify(DEVICE_A, now))).to.include("locked out");
    });

    it("nobody any more who has shown the right key meanwhile", () => {
      for (let at = 0; at < 4; at++) fail("a");
      keep({ rememberMs: 0 });
      for (let at = 0; at < 4; at++) fail("a");
      establish("a").release(now);
      expect(Array.from({ length: 5 }, () => fail("a"))).to.deep.equal([0, 0, 0, 0, 1_000]);
    });

    it("guesses made at once as well: each counts", () => {
      const visits = Array.from({ length: 8 }, () => arrive("a"));
      for (const visit of visits) visit.identify(DEVICE_A, now);
      const lockouts = visits.map((visit) => (visit.release(now), visit.fail(now)));
      expect(lockouts).to.deep.equal([0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000]);
    });
  });

  it("remembers a session's address and device from its end on", () => {
    const visit = establish("a");
    now += 2 * DAY_MS;
    visit.release(now);
    now += DAY_MS - 1;
    for (let at = 0; at < 6; at++) expect(fail("a")).to.equal(0);
  });
});
