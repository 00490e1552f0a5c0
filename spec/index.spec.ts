import { expect } from "chai";

import * as usmp from "../lib/index.js";

describe("The package", () => {
  it("exports these values and no others", () => {
    expect(Object.keys(usmp).sort()).to.deep.equal([
      "KeyFile",
      "TcpTransport",
      "USMP_ERROR_CODES",
      "UdpTransport",
      "Usmp",
      "UsmpClient",
      "UsmpErrno",
      "UsmpError",
      "UsmpServer",
      "UsmpSession",
      "isUsmpError",
    ]);
  });

  it("has these methods on the facade and no others", () => {
    const own = Object.getOwnPropertyNames(usmp.Usmp.prototype).filter((name) => name !== "constructor");
    expect(own.sort()).to.deep.equal([
      "alive",
      "available",
      "begin",
      "beginAsync",
      "broadcast",
      "close",
      "closed",
      "connected",
      "deviceId",
      "flush",
      "isConnected",
      "lastError",
      "lastErrorString",
      "listen",
      "maintain",
      "onConnect",
      "onDisconnect",
      "onError",
      "onMessage",
      "onReconnect",
      "pause",
      "ping",
      "print",
      "println",
      "read",
      "readString",
      "reconnect",
      "rekey",
      "resume",
      "send",
      "sendAsync",
      "sendTo",
      "session",
      "sessionId",
      "sessions",
      "state",
      "stats",
      "status",
      "unref",
      "write",
    ]);
    expect(
      Object.getOwnPropertyNames(usmp.Usmp).filter((name) => !["length", "name", "prototype"].includes(name)),
    ).to.deep.equal(["TCP", "UDP", "hex"]);
    expect(usmp.Usmp.prototype).to.have.property(Symbol.asyncDispose);
  });

  it("keeps the C core's error numbers", () => {
    expect(usmp.UsmpErrno).to.deep.equal({
      OK: 0,
      INVALID_ARG: -1,
      TRANSPORT_FAILED: -2,
      AUTH_FAILED: -3,
      TIMEOUT: -4,
      REPLAY_DETECTED: -5,
      BUFFER_OVERFLOW: -6,
      SEQ_EXHAUSTED: -7,
      CRYPTO_FAILED: -8,
      NOT_CONNECTED: -9,
    });
  });
});
