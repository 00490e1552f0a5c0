/** A gateway on a real socket that sends everything back, and a device that checks it. */
import { expect } from "chai";
import { UsmpClient, type UsmpClientOptions } from "../../lib/device/client.js";
import type { UsmpErrorCode } from "../../lib/errors.js";
import { UsmpServer, type UsmpServerOptions } from "../../lib/gateway/server.js";
import type { UsmpSession } from "../../lib/session/session.js";
import { TcpTransport } from "../../lib/transport/tcp.js";
import { DEVICE_B, TEXT_PSK } from "./session-network.js";
import { eventually, soon } from "./session-waits.js";

export const LOOPBACK = "127.0.0.1";

/** What a gateway saw of one connection: why its handshake was refused, or why its session ended. */
export interface Ending {
  readonly kind: "refused" | "closed";
  readonly code: UsmpErrorCode;
  readonly deviceId?: string;
}

export class EchoGateway {
  readonly server: UsmpServer;
  readonly endings: Ending[] = [];
  readonly errors: UsmpErrorCode[] = [];
  readonly messages: Uint8Array[] = [];
  readonly #clients: UsmpClient[] = [];
  port = 0;

  private constructor(options: Partial<UsmpServerOptions>) {
    this.server = new UsmpServer({ psk: TEXT_PSK, ...options });
    this.server.onSession((session) => this.#echo(session));
    this.server.on("refused", ({ code }) => this.endings.push({ kind: "refused", code }));
    this.server.on("error", ({ code }) => this.errors.push(code));
  }

  static async start(options: Partial<UsmpServerOptions> = {}): Promise<EchoGateway> {
    const gateway = new EchoGateway(options);
    const [address] = await gateway.server.listen(new TcpTransport(LOOPBACK, 0));
    gateway.port = address!.port;
    return gateway;
  }

  /** A device in a session. */
  async device(options: Partial<UsmpClientOptions> = {}): Promise<UsmpClient> {
    const client = this.unconnected(options);
    await soon(client.connect(), "connecting");
    return client;
  }

  unconnected(options: Partial<UsmpClientOptions> = {}): UsmpClient {
    const client = new UsmpClient({ host: LOOPBACK, port: this.port, psk: TEXT_PSK, ...options });
    this.#clients.push(client);
    return client;
  }

  /** Runs `act` beside a session that must go on echoing: before, while and after. */
  async beside(act: () => Promise<void>): Promise<void> {
    const good = await this.device({ deviceId: DEVICE_B });
    const attack = { goesOn: true };
    const echoing = (async () => {
      let rounds = 0;
      do await expectEcho(good, `round ${rounds++}`);
      while (attack.goesOn);
    })();
    try {
      await act();
    } finally {
      attack.goesOn = false;
      await soon(echoing, "the echo beside");
    }
    await expectEcho(good, "after the attack");
    expect(this.server.session(DEVICE_B)?.isConnected, "the session beside").to.equal(true);
    await soon(good.disconnect(), "disconnecting");
  }

  /** The ending of the next hostile connection: the first that is not one of `BYE`. */
  async ending(): Promise<Ending> {
    await eventually(() => this.endings.some(({ code }) => code !== "BYE"), "the gateway's end of the connection");
    return this.endings.find(({ code }) => code !== "BYE") as Ending;
  }

  /** Every connection's ending so far, but those in order. */
  get codes(): UsmpErrorCode[] {
    return this.endings.map(({ code }) => code).filter((code) => code !== "BYE");
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => soon(client.disconnect(), "disconnecting")));
    await soon(this.server.stop(), "stopping");
  }

  #echo(session: UsmpSession): void {
    session.on("message", async (data) => {
      if (session.deviceId !== DEVICE_B) this.messages.push(data);
      await session.sendAsync(data);
    });
    // An echo that the end overtakes is no failure here.
    session.on("error", () => {});
    session.on("close", ({ code }) => this.endings.push({ kind: "closed", code, deviceId: session.deviceId }));
  }
}

export async function expectEcho(client: UsmpClient, text: string): Promise<void> {
  await soon(client.sendAsync(text), "sending");
  expect(new TextDecoder().decode(await soon(client.recv(), "the echo"))).to.equal(text);
}
