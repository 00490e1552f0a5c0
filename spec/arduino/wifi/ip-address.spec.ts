import { expect } from "chai";

import { printed } from "../../../lib/arduino/text/printed.js";
import { IPAddress } from "../../../lib/arduino/wifi/ip-address.js";
import { expectInvalid } from "../expect-invalid.js";

describe("IPAddress", () => {
  const address = new IPAddress(192, 168, 1, 5);

  it("is made of four numbers, or of text", () => {
    expect(new IPAddress("192.168.1.5").equals(address)).to.equal(true);
    expect(new IPAddress("192.168.1.6").equals(address)).to.equal(false);
    expect([address.octet(0), address.octet(3)]).to.deep.equal([192, 5]);
  });

  it("is text as a String, printed, in a template and in JSON", () => {
    expect(address.toString().c_str()).to.equal("192.168.1.5");
    expect(printed(address)).to.equal("192.168.1.5");
    expect(["at", address].join(" ")).to.equal("at 192.168.1.5");
    expect(JSON.stringify({ address })).to.equal('{"address":"192.168.1.5"}');
  });

  it("refuses what is no address", () => {
    for (const text of ["", "1.2.3", "1.2.3.256", "1.2.3.x", "1.2.3.4.5"]) {
      expectInvalid(() => new IPAddress(text), `"${text}" is no IPv4 address such as 192.168.1.5`);
    }
    expectInvalid(() => new IPAddress(1, 2, 3, -4), '"1.2.3.-4" is no IPv4 address such as 192.168.1.5');
  });
});
