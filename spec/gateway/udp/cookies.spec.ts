import { expect } from "chai";
import { Cookies } from "../../../lib/gateway/udp/cookies.js";
import { counted, flipped } from "../../support/core-bytes.js";
import { crypto } from "../../support/core-crypto.js";

const HELLO = counted(38);
const PLACE = "192.168.1.7|40000";

describe("Cookies", () => {
  it("are 16 bytes, and good for the HELLO and the place that they were made for (case 39)", () => {
    const cookies = new Cookies(crypto, 0, 30_000);
    const cookie = cookies.make(PLACE, HELLO, 5);
    expect(cookie).to.have.lengthOf(16);
    expect(cookies.verify(cookie, PLACE, HELLO, 5)).to.equal(true);
    expect(cookies.verify(cookie, "192.168.1.8|40000", HELLO, 5), "another address").to.equal(false);
    expect(cookies.verify(cookie, "192.168.1.7|40001", HELLO, 5), "another port").to.equal(false);
    expect(cookies.verify(cookie, PLACE, flipped(HELLO, 0), 5), "another device").to.equal(false);
    expect(cookies.verify(cookie, PLACE, flipped(HELLO, -1), 5), "another public key").to.equal(false);
    expect(cookies.verify(flipped(cookie, 0), PLACE, HELLO, 5)).to.equal(false);
  });

  it("are good for 30 to 60 s (case 39)", () => {
    const cookies = new Cookies(crypto, 0, 30_000);
    const [early, late] = [cookies.make(PLACE, HELLO, 0), cookies.make(PLACE, HELLO, 29_999)];
    expect(cookies.verify(early, PLACE, HELLO, 59_999)).to.equal(true);
    expect(cookies.verify(late, PLACE, HELLO, 59_999)).to.equal(true);
    expect(cookies.verify(early, PLACE, HELLO, 60_000)).to.equal(false);
    expect(cookies.verify(late, PLACE, HELLO, 60_000)).to.equal(false);
  });

  it("of a retired secret are good while they live, and of none at all after that", () => {
    const cookies = new Cookies(crypto, 0, 30_000);
    const hour = 3_600_000;
    const cookie = cookies.make(PLACE, HELLO, hour - 1);
    expect(cookies.make(PLACE, HELLO, hour), "a new secret").not.to.deep.equal(cookie);
    expect(cookies.verify(cookie, PLACE, HELLO, hour + 29_999)).to.equal(true);
    expect(cookies.verify(cookie, PLACE, HELLO, hour + 60_000)).to.equal(false);
    const next = cookies.make(PLACE, HELLO, hour + 60_001);
    expect(cookies.verify(next, PLACE, HELLO, hour + 60_001)).to.equal(true);
  });

  it("of another gateway are worth nothing", () => {
    const cookie = new Cookies(crypto, 0, 30_000).make(PLACE, HELLO, 0);
    expect(new Cookies(crypto, 0, 30_000).verify(cookie, PLACE, HELLO, 0)).to.equal(false);
  });
});
