import { expect } from "chai";
import { USMP } from "../../../lib/arduino/client/usmp.js";
import { ArduinoString } from "../../../lib/arduino/text/arduino-string.js";
import type { BoardNetwork } from "../../../lib/arduino/board/network.js";
import { TcpTransport } from "../../../lib/transport/tcp.js";
import { UdpTransport } from "../../../lib/transport/udp.js";

describe("USMP", () => {
  it("names a gateway, on port 9000 unless told otherwise, and takes a network's name and password", () => {
    const transport = USMP.TCP("192.168.1.100");
    expect(transport.wifi("my network", "its password")).to.equal(transport);
    expect(transport).to.include({ kind: "tcp", host: "192.168.1.100", port: 9000, ssid: "my network" });
    expect(USMP.TCP("host").ssid).to.equal(null);
    expect(USMP.UDP(new ArduinoString("gateway.local"), 9001)).to.include({
      kind: "udp",
      host: "gateway.local",
      port: 9001,
    });
  });

  it("throws INVALID_ARG for what is no host or no port", () => {
    for (const make of [() => USMP.TCP(""), () => USMP.TCP("host:9000"), () => USMP.UDP("host", 70_000)])
      expect(make).to.throw().with.property("code", "INVALID_ARG");
  });

  it("dials real sockets, or the board's own network where it has one", () => {
    expect(USMP.TCP("host").dialerOn(null)).to.be.instanceOf(TcpTransport);
    expect(USMP.UDP("host", 9001).dialerOn(null))
      .to.be.instanceOf(UdpTransport)
      .and.include({ host: "host", port: 9001 });
    const asked: unknown[] = [];
    const network = { dialer: (...args: unknown[]) => void asked.push(args) } as unknown as BoardNetwork;
    USMP.UDP("host", 9001).dialerOn(network);
    expect(asked).to.deep.equal([["udp", "host", 9001]]);
  });
});
