/** Each example as its readers run it, in a process of its own that has to end by itself. */
import { expect } from "chai";
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { UsmpClient } from "../../lib/index.js";
import { ExampleProcess } from "./example-process.js";

const PSK = "a key of enough text";
const HOST = "127.0.0.1";
const ENDED_WELL = [0, null];
const DEVICES = ["seed.ts", "arduino-basic.ts", "client-promise.ts"];
const GATEWAYS = ["echo-gateway.ts", "echo-promise.ts"];

describe("the examples", () => {
  const running: ExampleProcess[] = [];

  afterEach(async () => {
    await Promise.all(running.splice(0).map((example) => example.kill()));
  });

  function start(name: string, ...args: string[]): ExampleProcess {
    const example = new ExampleProcess(`examples/${name}`, args, { USMP_PSK: PSK });
    running.push(example);
    return example;
  }

  /** A device of this process: each message comes back as it was. */
  async function checkEcho(port: string): Promise<void> {
    const client = new UsmpClient({ host: HOST, port: Number(port), psk: PSK });
    await client.connect();
    for (const length of [0, 1, 1808]) {
      const message = new Uint8Array(length).fill(length & 0xff);
      await client.sendAsync(message);
      expect(Uint8Array.from(await client.recv())).to.deep.equal(message);
    }
    await client.disconnect();
  }

  /** A gateway that gets these signals says BYE to a device of this process, and ends well. */
  async function sayByeFrom(gateway: ExampleProcess, psk: string, ...signals: NodeJS.Signals[]): Promise<void> {
    const client = new UsmpClient({ host: HOST, port: Number(await gateway.port()), psk });
    await client.connect();
    const closed = client.session?.closed;
    const ends = signals.map((signal) => gateway.interrupt(signal));
    expect((await closed)?.code).to.equal("BYE");
    expect(await ends[0]).to.deep.equal(ENDED_WELL);
  }

  it("are all run by these specs", () => {
    // Those in sketches/ have specs of their own.
    const programs = readdirSync("examples").filter((name) => name !== "sketches");
    expect(programs.sort()).to.deep.equal([...DEVICES, ...GATEWAYS, "status.ts", "demo.ts", "demo-gateway.ts"].sort());
  });

  it("status.ts tells how the network is lost and found again, and ends", async () => {
    const example = start("status.ts");
    expect(await example.exit).to.deep.equal(ENDED_WELL);
    expect(example.out.text).to.match(
      /established\ngot one\nthe cable is pulled\n {2}backoff \(TIMEOUT\), again in \d+ ms\n(.*\n)*the cable is back\n(.*\n)* {2}established\ngot two\ncame back 1 time/,
    );
  });

  it("run on this machine, devices against the echo gateway, and end with it", async () => {
    const gateway = start("echo-gateway.ts", "0");
    const port = await gateway.port();
    const [seed, sketch, client] = DEVICES.map((name) => start(name, HOST, port)) as [
      ExampleProcess,
      ExampleProcess,
      ExampleProcess,
    ];
    await seed.out.match(/^RX 5 hello\n/);
    await sketch.out.match(/^session [0-9a-f]{32}\n(.*\n)*RX: message 1\n/);
    expect(await client.exit).to.deep.equal(ENDED_WELL);
    expect(client.out.text).to.match(/^one -> one\ntwo -> two\nthree -> three\nround trip \d+\.\d ms\n$/);
    await gateway.out.match(/RX 5 "hello"\n/);
    await checkEcho(port);

    expect(await gateway.interrupt()).to.deep.equal(ENDED_WELL);
    expect(await seed.exit).to.deep.equal(ENDED_WELL);
    expect(await sketch.exit).to.deep.equal(ENDED_WELL);
    expect(seed.out.lines.at(-1)).to.equal("lost: BYE");
    // A polled sketch hears of the BYE at its next maintain(). On a busy machine the first attempt to reconnect has failed by then.
    const heard = sketch.out.lines.filter((line) => !line.startsWith("not connected, retrying"));
    expect(heard.at(-1)).to.equal("lost: BYE");
    for (const example of running) expect(example.err.text).to.equal("");
  });

  it("end at Ctrl-C", async () => {
    const gateway = start("echo-promise.ts", "0");
    const port = await gateway.port();
    const seed = start("seed.ts", HOST, port);
    const sketch = start("arduino-basic.ts", HOST, port);
    await seed.out.match(/RX 5 hello\n/);
    await sketch.out.match(/RX: message 1\n/);
    await checkEcho(port);
    expect(await seed.interrupt()).to.deep.equal(ENDED_WELL);
    expect(await sketch.interrupt()).to.deep.equal(ENDED_WELL);
    await gateway.out.match(/(left: BYE\n[^]*){3}/);
    expect(await gateway.interrupt()).to.deep.equal(ENDED_WELL);
  });

  for (const signal of ["SIGTERM", "SIGHUP"] as const) {
    it(`say BYE at ${signal}, as at Ctrl-C`, async function () {
      if (process.platform === "win32") this.skip();
      const gateway = start("echo-promise.ts", "0");
      const port = await gateway.port();
      const seed = start("seed.ts", HOST, port);
      const sketch = start("arduino-basic.ts", HOST, port);
      await Promise.all([seed.out.match(/RX 5 hello\n/), sketch.out.match(/RX: message 1\n/)]);
      expect(await seed.interrupt(signal)).to.deep.equal(ENDED_WELL);
      expect(await sketch.interrupt(signal)).to.deep.equal(ENDED_WELL);
      await gateway.out.match(/(left: BYE\n[^]*){2}/);
      expect(await gateway.interrupt(signal)).to.deep.equal(ENDED_WELL);
      for (const name of ["echo-gateway.ts", "sketches/gateway.ts"]) {
        const other = new ExampleProcess(`examples/${name}`, ["0"], { USMP_PSK: PSK, USMP_PORT: "0" });
        running.push(other);
        await sayByeFrom(other, PSK, signal);
      }
    });
  }

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    it(`the gateway of usmp init says BYE at ${signal}, also if it arrives twice`, async function () {
      if (process.platform === "win32") this.skip();
      const folder = mkdtempSync("examples/spec-");
      try {
        for (const name of ["gateway.ts", "key.ts"]) copyFileSync(`templates/device/${name}`, `${folder}/${name}`);
        writeFileSync(`${folder}/usmp.key`, PSK);
        const gateway = new ExampleProcess(`${folder}/gateway.ts`, ["0"]);
        running.push(gateway);
        await sayByeFrom(gateway, PSK, signal, signal);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }

  it("say what is wrong while there is no gateway, and end at Ctrl-C then too", async () => {
    const [seed, sketch, client] = DEVICES.map((name) => start(name, HOST, "1")) as [
      ExampleProcess,
      ExampleProcess,
      ExampleProcess,
    ];
    await seed.out.match(/^trying again: nothing listens/);
    expect(await client.exit).to.deep.equal([1, null]);
    expect(client.err.text).to.match(/^TRANSPORT nothing listens on 127\.0\.0\.1:1/);
    await sketch.out.match(/^not connected, retrying: TRANSPORT: nothing listens/);
    expect(await seed.interrupt()).to.deep.equal(ENDED_WELL);
    expect(await sketch.interrupt()).to.deep.equal(ENDED_WELL);
  });
});
