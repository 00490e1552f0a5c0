/** The built package, loaded by `import` and by `require` in one process. `npm run test:package` builds first. */
import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const LIMIT_MS = 20_000;

/** By `import`, as `usmp init` writes sketches. */
const SKETCH = `
import { digitalRead, ESP, INPUT_PULLUP, pinMode, Serial, USMP, USMPClient } from "usmp/arduino";

export default () => {
  const usmp = new USMPClient("usmp-dev-psk-change-me-before-prod");
  let last = 1;
  return {
    async setup() {
      Serial.begin(115200);
      pinMode(0, INPUT_PULLUP);
      usmp.onMessage((data) => (data.toString() === "restart" ? ESP.restart() : pinMode(99, INPUT_PULLUP)));
      Serial.println(await usmp.begin(USMP.TCP("192.168.1.100")));
    },
    loop() {
      usmp.maintain();
      if (digitalRead(0) === last) return;
      last = 1 - last;
      usmp.send("button " + last);
    },
  };
};
`;

/** By `require`. */
const TEST = `
const { SketchError, TestGateway, VirtualBoard } = require("usmp/testing");

(async () => {
  const { default: sketch } = await import("./sketch.mjs");
  const gateway = new TestGateway({ psk: "usmp-dev-psk-change-me-before-prod" });
  const board = new VirtualBoard({ gateway });
  await board.start(sketch);
  await gateway.waitForSession();
  await board.press(0);
  console.log(await gateway.next());
  gateway.send("restart");
  await board.advance(100);
  console.log(board.lives, board.serial.lines().join());
  gateway.send("a pin that there is not");
  const error = await board.advance(100).catch((error) => error);
  console.log(error instanceof SketchError, error.where, error.site.replace(/.*\\//, "").replace(/:.*/, ""));
  await board.stop();
  await gateway.close();
})();
`;

/** By either. */
const DEVICE = `
  const connecting = new UsmpClient({
    transport: new TcpTransport("127.0.0.1", 1),
    psk: "a key of the specs",
    cipher: "chacha20-poly1305",
  }).connect();
  connecting.catch((error) => setTimeout(() => console.log(error.code), 50));
`;

/** V8's own switch for it is gone from Node 24. */
const WITHOUT_WEBASSEMBLY = "--import=data:text/javascript,delete globalThis.WebAssembly";

describe("package: two formats", function () {
  this.timeout(LIMIT_MS);
  const folder = mkdtempSync(join(tmpdir(), "usmp-two-formats-"));

  before(() => {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(process.cwd(), join(folder, "node_modules", "usmp"), "junction");
    writeFileSync(join(folder, "sketch.mjs"), SKETCH);
    writeFileSync(join(folder, "test.cjs"), TEST);
    writeFileSync(join(folder, "device.cjs"), `const { TcpTransport, UsmpClient } = require("usmp");${DEVICE}`);
    writeFileSync(join(folder, "device.mjs"), `import { TcpTransport, UsmpClient } from "usmp";${DEVICE}`);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it("run a sketch by import on the board of a test by require", () => {
    const printed = execFileSync(process.execPath, ["test.cjs"], { cwd: folder, encoding: "utf8", timeout: LIMIT_MS });
    expect(printed.split("\n")).to.deep.equal(["button 0", "2 1,1", "true onMessage callback sketch.mjs", ""]);
  });

  for (const program of ["device.cjs", "device.mjs"]) {
    it(`${program} is told UNSUPPORTED for ChaCha20-Poly1305 without WebAssembly, and lives on`, () => {
      const options = { cwd: folder, encoding: "utf8", timeout: LIMIT_MS, stdio: "pipe" } as const;
      expect(execFileSync(process.execPath, [WITHOUT_WEBASSEMBLY, program], options)).to.equal("UNSUPPORTED\n");
    });
  }
});
