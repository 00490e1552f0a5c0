/** A sketch with a client on a virtual board, a gateway, and a record of what the callbacks told. */
import { USMPClient } from "../../lib/arduino/client/usmp-client.js";
import { USMP, type BoardTransport } from "../../lib/arduino/client/usmp.js";
import { TestGateway, type TestGatewayOptions } from "../../lib/testing/test-gateway.js";
import { VirtualBoard } from "../../lib/testing/virtual-board.js";
import { EVEN } from "./even-time.js";

export const PSK = "usmp-dev-psk-change-me-before-prod";
export const TCP = USMP.TCP("192.168.1.100");
export const UDP = USMP.UDP("192.168.1.100");

export interface SketchRigOptions extends Partial<TestGatewayOptions> {
  readonly transport?: BoardTransport;
  readonly client?: () => USMPClient;
  /** In place of an awaited `begin()`. */
  readonly setup?: (usmp: USMPClient) => void | Promise<void>;
  /** Before `maintain()` in each turn. */
  readonly loop?: (usmp: USMPClient) => void;
  /** Default true. */
  readonly maintains?: boolean;
  /** Default: the callbacks are recorded. */
  readonly listens?: boolean;
}

export class SketchRig {
  readonly gateway: TestGateway;
  readonly board: VirtualBoard;
  /** What the callbacks told, in order, each with the turn of `loop` in which it came; turn 0 is `setup`. */
  readonly told: string[] = [];
  /** Callbacks that came outside of `maintain()`, `begin()` and `reconnect()`. */
  readonly misplaced: string[] = [];
  /** What `begin()` gave. */
  begun: boolean | null = null;
  turn = 0;
  /** Told within `maintain()`, or an awaited call. */
  allowed = false;
  readonly #options: SketchRigOptions;
  #usmp: USMPClient | null = null;

  constructor(options: SketchRigOptions = {}) {
    const { transport, client, setup, loop, maintains, listens, ...gateway } = options;
    this.#options = { transport, client, setup, loop, maintains, listens } as SketchRigOptions;
    this.gateway = new TestGateway({ psk: PSK, ...gateway });
    this.board = new VirtualBoard({ ...EVEN, gateway: this.gateway });
  }

  /** Of the life that runs. */
  get usmp(): USMPClient {
    if (this.#usmp === null) throw new Error("start() first");
    return this.#usmp;
  }

  /** What was told, without the turns. */
  get events(): string[] {
    return this.told.map((event) => event.replace(/^\d+ /, ""));
  }

  /** Runs the sketch until `begin()` is through. */
  async start(): Promise<this> {
    const { transport = TCP, client = () => new USMPClient(PSK), setup, loop, maintains = true } = this.#options;
    await this.board.start(() => {
      const usmp = client();
      this.#usmp = usmp;
      this.turn = 0;
      if (this.#options.listens !== false) this.record(usmp);
      return {
        setup: async () => {
          this.allowed = true;
          if (setup === undefined) this.begun = await usmp.begin(transport);
          else await setup(usmp);
          this.allowed = false;
        },
        loop: () => {
          this.turn++;
          loop?.(usmp);
          this.allowed = true;
          if (maintains) usmp.maintain();
          this.allowed = false;
        },
      };
    });
    await this.gateway.clock.advanceUntil(() => !this.allowed || this.turn > 0, 60_000);
    return this;
  }

  /** The gateway ends the session with BYE, which a board notices as soon as it reads. */
  endSession(): void {
    void this.gateway.session().close();
    this.gateway.clock.stir();
  }

  record(usmp: USMPClient): void {
    const tell = (event: string): void => {
      this.told.push(`${this.turn} ${event}`);
      if (!this.allowed) this.misplaced.push(event);
    };
    usmp.onConnect(() => tell("connect"));
    usmp.onReconnect(() => tell("reconnect"));
    usmp.onDisconnect(() => tell("disconnect"));
    usmp.onMessage((data, len) => tell(`message ${data.toString()} ${len}`));
  }

  /** Ends both sides; how many timers are left: none, where all is well. */
  async end(): Promise<number> {
    this.gateway.restoreNetwork();
    await this.board.stop();
    await this.gateway.close();
    // What a client closed by itself is still on its way out.
    await this.gateway.clock.advance(2_000);
    return this.gateway.clock.pending;
  }
}
