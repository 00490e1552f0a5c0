/** What a handshake costs the gateway, counted: nobody without a key makes it compute an X25519 exchange. Real sockets. */
import { expect } from "chai";
import { UsmpServer } from "../../lib/gateway/server.js";
import type { KeyPair } from "../../lib/core/crypto-provider.js";
import { HeldClock } from "../support/held-clock.js";
import { TcpTransport } from "../../lib/transport/tcp.js";
import { UdpTransport } from "../../lib/transport/udp.js";
import { counted, toHex, utf8 } from "../support/core-bytes.js";
import { crypto } from "../support/core-crypto.js";
import { FrameType } from "../../lib/core/wire/wire.js";
import { LOOPBACK } from "../support/session-echo.js";
import { HostileDevice } from "../support/session-hostile.js";
import { TEXT_PSK } from "../support/session-network.js";
import { eventually, soon } from "../support/session-waits.js";
import { UdpHostile } from "../support/udp-hostile.js";

const WRONG_PSK = utf8("a wrong key of 20 bytes");
const HANDSHAKES = 30;

describe("the gateway's exchanges", () => {
  /** Public keys of the pairs that were used for an exchange, and wiped, in order. */
  let used: string[];
  let wiped: string[];
  let made: number;
  let refused: string[];
  let clock: HeldClock;
  let server: UsmpServer;
  let tcpPort: number;
  let udpPort: number;

  beforeEach(async () => {
    [used, wiped, made, refused] = [[], [], 0, []];
    const generateKeyPair = (): KeyPair => {
      made++;
      const pair = crypto.generateKeyPair();
      const name = toHex(pair.publicKey);
      return {
        publicKey: pair.publicKey,
        sharedSecret: (peer) => (used.push(name), pair.sharedSecret(peer)),
        wipe: () => (wiped.push(name), pair.wipe()),
      };
    };
    clock = new HeldClock();
    server = new UsmpServer({
      psk: TEXT_PSK,
      crypto: { ...crypto, generateKeyPair },
      clock,
      udpHandshakeTimeoutMs: 200,
      lockoutAfterFailures: 1_000,
    });
    server.on("refused", ({ code }) => refused.push(code));
    const [tcp, udp] = await server.listen(new TcpTransport(LOOPBACK, 0), new UdpTransport(LOOPBACK, 0));
    [tcpPort, udpPort] = [tcp!.port, udp!.port];
  });

  afterEach(async () => {
    await soon(server.stop(), "stopping");
    expect(wiped, "every pair is wiped").to.have.lengthOf.at.least(made);
    expect(new Set(wiped).size).to.equal(made);
  });

  it("case 18: are none for wrong proofs, over TCP and UDP", async () => {
    for (let tries = 0; tries < HANDSHAKES; tries++) {
      const device = await HostileDevice.connect(tcpPort, { psk: WRONG_PSK, deviceId: counted(6, tries) });
      device.write(await device.prove());
      await device.over();
    }
    const devices = await Promise.all(Array.from({ length: 10 }, () => UdpHostile.open(udpPort, { psk: WRONG_PSK })));
    await Promise.all(
      devices.map(async (device) => {
        const proof = await device.prove();
        device.write(proof, proof, proof);
      }),
    );
    await devices[0]!.allRead();
    await clock.advance(200);
    await eventually(() => refused.length === HANDSHAKES + 10, "all refusals");
    expect(new Set(refused)).to.deep.equal(new Set(["AUTH"]));
    expect(used).to.deep.equal([]);
    await Promise.all(devices.map((device) => device.close()));
  });

  it("are none for a HELLO alone, nor for one without its cookie a key pair", async () => {
    const udp = await UdpHostile.open(udpPort);
    await eventually(() => made === 8, "the pairs that are made ahead");
    for (let tries = 0; tries < HANDSHAKES; tries++) udp.write(udp.hello());
    await udp.frame(FrameType.HELLO_RETRY, HANDSHAKES);
    expect(made).to.equal(8);
    const device = await HostileDevice.connect(tcpPort);
    await device.prove();
    device.destroy();
    await eventually(() => refused.length === 1, "its end");
    expect(used).to.deep.equal([]);
    await udp.close();
  });

  it("are one for each session, each with a key pair of its own", async () => {
    const offered = new Set<string>();
    for (let tries = 0; tries < HANDSHAKES; tries++) {
      const device = await (await HostileDevice.connect(tcpPort, { deviceId: counted(6, tries) })).establish();
      offered.add(toHex(device.transcript!.pubS));
      device.destroy();
    }
    expect([used.length, new Set(used).size, offered.size]).to.deep.equal([HANDSHAKES, HANDSHAKES, HANDSHAKES]);
    expect([...offered]).to.have.members(used);
  });
});
