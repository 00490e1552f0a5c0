import { expect } from "chai";
import { Usmp } from "../../../lib/index.js";
import { SKETCH_PSK } from "../../support/sketch-bench.js";
import { ExampleProcess } from "../example-process.js";

const sketchFile = (name: string): string => `examples/sketches/${name}/${name}.ts`;

/** A real gateway on loopback, and what it was sent so far. */
class Gateway {
  readonly usmp: Usmp;
  readonly #messages: string[] = [];
  #arrived = (): void => {};

  constructor(psk = SKETCH_PSK) {
    this.usmp = new Usmp(psk);
    this.usmp.onMessage((data) => {
      this.#messages.push(data.toString());
      this.#arrived();
    });
  }

  async listen(): Promise<string> {
    const [place] = await this.usmp.listen(Usmp.TCP("127.0.0.1", 0));
    return String(place!.port);
  }

  async next(): Promise<string> {
    while (this.#messages.length === 0) await new Promise<void>((resolve) => (this.#arrived = resolve));
    return this.#messages.shift()!;
  }

  /** Resolves with the reason why the next session ended. */
  disconnected(): Promise<string> {
    return new Promise((resolve) => this.usmp.onDisconnect(({ code }) => resolve(code)));
  }
}

describe("a sketch as a program", () => {
  let gateway: Gateway;
  let sketch: ExampleProcess | null = null;

  beforeEach(() => {
    gateway = new Gateway();
  });

  afterEach(async () => {
    await sketch?.kill();
    sketch = null;
    await gateway.usmp.close();
  });

  async function start(name: string): Promise<ExampleProcess> {
    const env = { USMP_HOST: "127.0.0.1", USMP_PORT: await gateway.listen(), USMP_PSK: SKETCH_PSK };
    return (sketch = new ExampleProcess(sketchFile(name), [], env));
  }

  it("talks to a gateway, says BYE on Ctrl-C, and ends with exit code 0", async () => {
    const { err } = await start("blink-over-the-air");
    expect(await gateway.next()).to.equal("blink 500");
    gateway.usmp.broadcast("on");
    expect(await gateway.next()).to.equal("on");
    const reason = gateway.disconnected();
    expect(await sketch!.interrupt()).to.deep.equal([0, null]);
    expect(await reason).to.equal("BYE");
    expect(err.text).to.equal("");
  });

  it("reads its terminal as the serial monitor, and prints there", async () => {
    const { out } = await start("command-parser");
    sketch!.type('echo "from the terminal"\n');
    await out.match(/from the terminal\r\n/);
    while (gateway.usmp.broadcast("echo hello") === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(await gateway.next()).to.equal("hello\r\n");
    expect(await sketch!.interrupt()).to.deep.equal([0, null]);
  });

  it("does what is typed at the gateway of this folder", async () => {
    const terminal = new ExampleProcess("examples/sketches/gateway.ts", [], { USMP_PORT: "0", USMP_PSK: SKETCH_PSK });
    try {
      const env = { USMP_HOST: "127.0.0.1", USMP_PORT: await terminal.port(), USMP_PSK: SKETCH_PSK };
      sketch = new ExampleProcess(sketchFile("blink-over-the-air"), [], env);
      await terminal.out.match(/ connected\n.* "blink 500"\n/);
      terminal.type("off\n");
      await terminal.out.match(/ "off"\n/);
      expect(await sketch.interrupt()).to.deep.equal([0, null]);
      await terminal.out.match(/ disconnected: BYE\n/);
      expect(await terminal.interrupt()).to.deep.equal([0, null]);
    } finally {
      await terminal.kill();
    }
  });

  it("ends with exit code 0 on Ctrl-C while it waits for a gateway that refuses it", async () => {
    gateway = new Gateway("another key of at least 16 bytes");
    const { out, err } = await start("sensor-publisher");
    await out.match(/no session: AUTH: .*\n/);
    expect(await sketch!.interrupt()).to.deep.equal([0, null]);
    expect(err.text).to.equal("");
  });
});
