/** Nothing in the README that does not run. */
import { expect } from "chai";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import ts from "typescript";
import { Terminal } from "../cli/terminal.js";
import { ExampleProcess } from "./example-process.js";

interface Block {
  readonly language: string;
  readonly code: string;
}

const README = readFileSync("README.md", "utf8");
const BLOCKS: readonly Block[] = [...README.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(([, language, code]) => ({
  language: language as string,
  code: code as string,
}));

function blocks(language: string): string[] {
  return BLOCKS.filter((block) => block.language === language).map(({ code }) => code);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Device and session ids are drawn at random, and a client's port is the system's. */
function anyIds(text: string): string {
  return text.replace(/\b[0-9a-f]{32}\b|\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, "ID").replace(/port \d+/g, "port N");
}

describe("the README", () => {
  const processes: ExampleProcess[] = [];
  const terminals: Terminal[] = [];
  let folder: string;

  before(() => {
    // Within the project, so that "usmp" means the same as in examples/.
    mkdirSync("build", { recursive: true });
    folder = mkdtempSync(join("build", "readme-"));
  });

  afterEach(async () => {
    await Promise.all(processes.splice(0).map((example) => example.kill()));
    await Promise.all(terminals.splice(0).map((terminal) => terminal.stop()));
  });

  after(() => rmSync(folder, { recursive: true }));

  function write(name: string, code: string): string {
    const file = join(folder, `${name}.mts`);
    writeFileSync(file, code);
    return file;
  }

  it("has no code block in a language that these specs do not check", () => {
    // The sketch is for a board: no compiler for it here.
    expect(BLOCKS.map(({ language }) => language)).to.deep.equal([
      ...["sh", "ts", "text", "ts", "text", "cpp", "ts", "text"],
      ...["sh", "sh", "text", "sh"],
    ]);
  });

  it("shows TypeScript that compiles, in at most ten lines", () => {
    for (const code of blocks("ts")) {
      expect(code.split("\n").filter((line) => line !== "").length).to.be.at.most(10);
    }
    const files = blocks("ts").map((code, index) => write(`block-${index}`, code));
    const { config } = ts.readConfigFile("tsconfig.json", (path) => readFileSync(path, "utf8")) as { config: object };
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd());
    const program = ts.createProgram(files, options);
    const complaints = files.flatMap((file) =>
      ts.getPreEmitDiagnostics(program, program.getSourceFile(file)).map(({ messageText }) => messageText),
    );
    expect(complaints).to.deep.equal([]);
  });

  it("shows a gateway, a device and a client, and what each of them prints", async () => {
    const port = await freePort();
    const here = (code: string): string =>
      code
        .replace('TCP("127.0.0.1")', `TCP("127.0.0.1", ${port})`)
        .replace("0.0.0.0", "127.0.0.1")
        .replace("9000", String(port));
    const [gateway, device, client] = blocks("ts").map((code, index) => write(`run-${index}`, here(code))) as [
      string,
      string,
      string,
    ];
    const [gatewayPrints, devicePrints, clientPrints] = blocks("text") as [string, string, string];
    const start = (file: string): ExampleProcess => {
      const example = new ExampleProcess(file);
      processes.push(example);
      return example;
    };
    const first = start(gateway);
    await first.out.match(/^listening\n/);
    const running = start(device);
    await running.out.match(/^RX 3 ACK\n/);
    await first.out.match(/RX 5 hello\n/);
    expect(anyIds(first.out.text)).to.equal(`listening\n${anyIds(gatewayPrints)}`);

    await first.kill();
    await running.err.match(/nothing listens/);
    const second = start(gateway);
    await running.out.match(/^new session .*\nRX 3 ACK\n/m);
    const [, , attempt] = devicePrints.split("\n") as [string, string, string];
    const outputs = devicePrints.split("\n").filter((line) => line !== attempt);
    expect(anyIds(running.out.text)).to.equal(anyIds(outputs.join("\n")));
    for (const line of running.err.lines) expect(line).to.equal(attempt.replace("9000", String(port)));

    const last = start(client);
    expect(await last.exit).to.deep.equal([0, null]);
    expect(last.out.text).to.equal(clientPrints);
    await second.out.match(/RX 5 hello\n.*RX 5 hello\n/s);
  });

  it("names npm commands that exist", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
    const named = [...README.matchAll(/npm (?:run )?([\w:]+)/g)].map(([, name]) => name as string);
    expect(named).to.include.members(["demo", "test", "lint"]);
    const npmsOwn = ["ci", "install", "pack", "registry"];
    for (const name of named.filter((each) => !npmsOwn.includes(each))) expect(scripts).to.have.property(name);
  });

  it("shows command lines that work one after the other", async () => {
    const port = await freePort();
    const key = resolve(folder, "usmp.key");
    const lines = (blocks("sh").find((block) => block.includes("usmp keygen")) as string).trim().split("\n");
    const [keygen, serve, connecting] = lines.map((line) => {
      const [, argv] = /(?:^|\| )npx usmp (.*?)(?: +#|$)/.exec(line) as unknown as [string, string];
      return argv.trim().replace("usmp.key", key).replace("127.0.0.1", `127.0.0.1:${port}`).split(" ");
    }) as [string[], string[], string[]];
    const start = (argv: string[], input?: string): Terminal => {
      const terminal = new Terminal(argv, input === undefined ? {} : { input });
      terminals.push(terminal);
      return terminal;
    };
    expect(await start(keygen).exitCode).to.equal(0);
    const gateway = start([...serve, "--port", String(port), "--host", "127.0.0.1"]);
    await gateway.out.match(/listening/);
    // The input stays open until the answer is here, which a busy machine may take more than its wait for.
    const device = start(connecting);
    device.stdin.write("hello\n");
    await device.out.match(/^hello\n/);
    device.stdin.end();
    expect(await device.exitCode).to.equal(0);
    expect(device.out.text).to.equal("hello\n");
    expect(device.err.lines).to.have.length(1); // no warning about the key file
    await gateway.out.match(/ left: /);
    const shown = blocks("text")[3] as string;
    expect(anyIds(gateway.out.text)).to.equal(anyIds(shown.replace("0.0.0.0:9000", `127.0.0.1:${port}`)));
  });

  it("links to files that exist", () => {
    const links = [...README.matchAll(/\]\(([\w./-]+)\)/g)].map(([, path]) => path as string);
    expect(links).to.not.be.empty;
    for (const path of links) expect(existsSync(path), path).to.equal(true);
  });
});
