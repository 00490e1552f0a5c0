/** adversarial-cases.md, case 75: cryptography that throws ends the connection that it was for, with CRYPTO, and nothing else. */
import { expect } from "chai";
import type { CryptoProvider } from "../../lib/core/crypto-provider.js";
import { HELLO_LENGTH } from "../../lib/core/wire/handshake-payloads.js";
import { FrameType } from "../../lib/core/wire/wire.js";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { MemoryDatagramNetwork } from "../../lib/testing/network/memory-datagrams.js";
import { MemoryNetwork } from "../../lib/testing/network/memory.js";
import { Usmp, type UsmpOptions } from "../../lib/usmp.js";
import { plainFrame } from "../support/core-frames.js";
import { crypto, PSK, rejectionOf } from "../support/facade-rig.js";
import { CRYPTO_CALLS, FaultyCrypto, type Fault } from "../support/faulty-crypto.js";
import { eventually, onClock } from "../support/session-waits.js";

const SEED = 75;
const BYSTANDER = "24:0a:c4:00:00:0b";
const DEVICE = "24:0a:c4:00:00:0a";

type Role = "device" | "gateway";
type Kind = "stream" | "datagrams";

interface Outcome {
  readonly counts: FaultyCrypto["counts"];
  /** Why connections of the side that failed ended, and what it reported, while it could still tell. */
  readonly told: readonly string[];
  /** Whether the call threw when the end was decided already. */
  readonly failedLate: boolean;
}

/** One device's life from its first attempt to close(), beside another device's session. */
class Life {
  readonly clock = new VirtualClock(5_000);
  readonly faulty = new FaultyCrypto(crypto);
  readonly told: string[] = [];
  readonly #network: MemoryNetwork | MemoryDatagramNetwork;
  readonly #gateway: Usmp;
  readonly #device: Usmp;
  readonly #bystander: Usmp;
  readonly #lost: string[] = [];

  constructor(role: Role, kind: Kind) {
    const options = { clock: this.clock, seed: SEED };
    this.#network = kind === "stream" ? new MemoryNetwork(options) : new MemoryDatagramNetwork(options);
    this.#gateway = this.#usmp(role === "gateway");
    this.#device = this.#usmp(role === "device", { deviceId: DEVICE });
    this.#bystander = this.#usmp(false, { deviceId: BYSTANDER });
    this.#gateway.onMessage((data, _length, session) => void session.sendAsync(data).catch(() => {}));
    this.#bystander.onDisconnect(({ code }) => this.#lost.push(code));
    const failing = role === "gateway" ? this.#gateway : this.#device;
    failing.onDisconnect(({ code }) => this.told.push(code));
    failing.onError(({ code }) => this.told.push(code));
    failing.on("refused", ({ code }) => this.told.push(code));
  }

  /** Everything that the protocol does, whether or not it works. */
  async run(fault: Fault | null): Promise<Outcome> {
    await this.#until(this.#gateway.listen(this.#network.acceptor()));
    expect(await this.#until(this.#bystander.begin(this.#network.dialer()))).to.equal(true);
    await this.clock.advance(100);
    this.faulty.watch(fault);

    await this.#until(this.#device.begin(this.#network.dialer()));
    await this.#speak();
    await this.#try(this.#device.rekey());
    await this.#speak();
    await this.clock.advance(1_500);
    await this.#try(this.#gateway.session(DEVICE)?.rekey());
    await this.#speak();
    // However it went: there is a session again, and then all is as before.
    const echoed = await this.#echo(this.#device);
    const told = [...this.told];
    const failedLate = fault !== null && !this.faulty.hasFailed;
    await this.#until(this.#device.close());
    await this.clock.advance(20_000);
    this.faulty.rest();
    expect(echoed, "the device has a session in the end").to.equal(true);
    expect(await this.#echo(this.#bystander), "the bystander's session works").to.equal(true);
    expect(this.#lost, "the bystander's sessions that were lost").to.deep.equal([]);
    await this.#until(Promise.all([this.#bystander.close(), this.#gateway.close()]));
    expect(fault === null || this.faulty.hasFailed, "the call was made").to.equal(true);
    expect(this.clock.pending, "timers").to.equal(0);
    return { counts: this.faulty.counts, told, failedLate };
  }

  async #speak(): Promise<void> {
    for (const length of [10, 1_000]) await this.#try(this.#device.sendAsync(new Uint8Array(length)));
    await this.#try(this.#device.ping({ timeoutMs: 2_000 }));
    await this.#try(this.#gateway.session(DEVICE)?.ping({ timeoutMs: 2_000 }));
  }

  async #echo(device: Usmp): Promise<boolean> {
    const heard: number[] = [];
    device.onMessage((_data, length) => heard.push(length));
    for (let waited = 0; waited < 180 && heard.length === 0; waited++) {
      device.send("hello");
      await this.clock.advance(1_000);
    }
    return heard.length > 0;
  }

  #usmp(fails: boolean, options: UsmpOptions = {}): Usmp {
    const provider = fails ? this.faulty.provider : crypto;
    return new Usmp(PSK, { clock: this.clock, crypto: provider, ...options });
  }

  #try(step: Promise<unknown> | undefined): Promise<unknown> {
    return this.#until(Promise.resolve(step).catch(() => {}));
  }

  #until<Value>(promise: Promise<Value>): Promise<Value> {
    return onClock(this.clock, promise, 250);
  }
}

/** What is told of a fault, where all goes on else. */
function expectContained(kind: Kind, { call, nth }: Fault, { told, failedLate }: Outcome): void {
  const what = `${call}, call ${nth}, told ${told.join(", ")}`;
  if (failedLate || (call === "open" && kind === "datagrams")) expect(told, what).to.deep.equal([]);
  else if (call === "generateKeyPair") expect(["", "CRYPTO"], what).to.include(told.join());
  else expect(told, what).to.deep.equal(["CRYPTO"]);
}

describe("adversarial: cryptography that throws", () => {
  for (const role of ["device", "gateway"] as const) {
    for (const kind of ["stream", "datagrams"] as const) {
      describe(`on a ${role}, over ${kind === "stream" ? "a stream" : kind}`, () => {
        let counts: FaultyCrypto["counts"];

        before(async () => {
          ({ counts } = await new Life(role, kind).run(null));
        });

        for (const call of CRYPTO_CALLS) {
          it(`case 75: ${call} ends that connection with CRYPTO at each of its calls, and no other`, async () => {
            const count = counts.get(call) ?? 0;
            expect(count, "calls").to.be.at.least(1);
            for (let nth = 1; nth <= count; nth++) {
              const fault = { call, nth };
              expectContained(kind, fault, await new Life(role, kind).run(fault));
            }
          });
        }
      });
    }
  }

  describe("outside of any connection", () => {
    const clock = new VirtualClock(5_000);
    const failing = (fault: Fault): CryptoProvider => {
      const faulty = new FaultyCrypto(crypto);
      faulty.watch(fault);
      return faulty.provider;
    };
    const until = <Value>(promise: Promise<Value>): Promise<Value> => onClock(clock, promise, 250);

    for (const nth of [1, 2]) {
      it(`case 75: listen() rejects with CRYPTO for want of random bytes, the ${nth === 1 ? "decoy's" : "cookies'"}, and listens the next time`, async () => {
        const network = new MemoryDatagramNetwork({ clock, seed: SEED });
        const gateway = new Usmp(PSK, { clock, crypto: failing({ call: "randomBytes", nth }) });
        const error = await rejectionOf(until(gateway.listen(network.acceptor())));
        expect([error.code, (error.cause as Error).name]).to.deep.equal(["CRYPTO", "RangeError"]);
        expect(await until(gateway.listen(network.acceptor()))).to.have.lengthOf(1);
        await until(gateway.close());
      });
    }

    it("case 75: begin() for which no device id could be made is an attempt that failed, and is followed by another", async () => {
      const network = new MemoryNetwork({ clock, seed: SEED });
      const gateway = new Usmp(PSK, { clock, crypto });
      await until(gateway.listen(network.acceptor()));
      const failingCrypto = failing({ call: "randomBytes", nth: 1 });
      const device = new Usmp(PSK, { clock, crypto: failingCrypto, reconnect: () => 1_000 });
      const told: string[] = [];
      device.onError(({ code }) => told.push(code));
      device.onConnect(() => told.push("connect"));
      expect(await until(device.begin(network.dialer()))).to.equal(false);
      expect([device.state(), device.deviceId()]).to.deep.equal(["backoff", ""]);
      await clock.advance(2_000);
      expect(told).to.deep.equal(["CRYPTO", "connect"]);
      expect(device.deviceId()).to.match(/^([0-9a-f]{2}:?){6}$/);
      await until(Promise.all([device.close(), gateway.close()]));
    });

    it("case 75: cookies that cannot be made are told of once, until one can", async () => {
      const network = new MemoryDatagramNetwork({ clock, seed: SEED });
      let fails = true;
      const hmacSha256: CryptoProvider["hmacSha256"] = (...args) => {
        if (fails) throw new RangeError("out of order");
        return crypto.hmacSha256(...args);
      };
      const gateway = new Usmp(PSK, { clock, crypto: { ...crypto, hmacSha256 } });
      const told: string[] = [];
      gateway.onError(({ code }) => told.push(code));
      await until(gateway.listen(network.acceptor()));
      const say = (): void => {
        for (let port = 1; port <= 10; port++)
          network.inject(plainFrame(FrameType.HELLO, new Uint8Array(HELLO_LENGTH)), "10.0.0.1", port);
      };
      say();
      fails = false;
      say();
      fails = true;
      say();
      expect(told).to.deep.equal(["CRYPTO", "CRYPTO"]);
      await until(gateway.close());
    });
  });

  for (const [kind, transport] of [
    ["TCP", (port: number) => Usmp.TCP("127.0.0.1", port)],
    ["UDP", (port: number) => Usmp.UDP("127.0.0.1", port)],
  ] as const) {
    it(`case 75: a gateway on a real ${kind} socket loses the one session, and its device comes back`, async () => {
      const faulty = new FaultyCrypto(crypto);
      const gateway = new Usmp(PSK, { crypto: faulty.provider });
      const ended: string[] = [];
      gateway.onDisconnect(({ code }, session) => ended.push(`${code} ${session.deviceId}`));
      gateway.onMessage((data, _length, session) => void session.send(data));
      const [address] = await gateway.listen(transport(0));
      // Over UDP its own silence tells the device.
      const watchful = { keepaliveMs: 300, pongTimeoutMs: 300, reconnect: () => 50 };
      const bystander = new Usmp(PSK, { deviceId: BYSTANDER });
      const device = new Usmp(PSK, { deviceId: DEVICE, ...watchful });
      const devices = [bystander, device];
      for (const device of devices) expect(await device.begin(transport(address!.port))).to.equal(true);
      const heard: string[] = [];
      for (const each of devices) each.onMessage((data) => heard.push(`${each.deviceId()} ${data.toString()}`));
      faulty.watch({ call: "seal", nth: 1 });
      gateway.sendTo(DEVICE, "never");
      await eventually(() => ended.length === 1, "its end");
      faulty.rest();
      const back = new Promise<void>((resolve) => device.onReconnect(() => resolve()));
      await back;
      for (const each of devices) each.send("hello");
      await eventually(() => heard.length === 2, "the echoes");
      expect(heard).to.have.members([`${BYSTANDER} hello`, `${DEVICE} hello`]);
      expect(ended).to.deep.equal([`CRYPTO ${DEVICE}`]);
      expect(bystander.stats().reconnects, "the bystander's reconnects").to.equal(0);
      await Promise.all([...devices, gateway].map((each) => each.close()));
    });
  }
});
