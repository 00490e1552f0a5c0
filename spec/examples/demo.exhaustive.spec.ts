import { expect } from "chai";
import { ExampleProcess } from "./example-process.js";

describe("npm run demo", () => {
  let demo: ExampleProcess | null = null;

  afterEach(async () => {
    await demo?.kill();
    demo = null;
  });

  it("shows every step in order, and succeeds", async () => {
    demo = new ExampleProcess("examples/demo.ts");
    expect(await demo.exit).to.deep.equal([0, null]);
    expect(demo.err.text).to.equal("");
    const steps = [
      /gateway {2}listens on 127\.0\.0\.1:\d+/,
      /gateway {2}[0-9a-f:]{17} has proved its key/,
      /device {3}sent "hello", got it back/,
      /gateway {2}got 1808 bytes/,
      /device {3}keys rotated/,
      /device {3}sent "under new keys", got it back/,
      /device {3}session over: TRANSPORT/,
      /gateway {2}listens on 127\.0\.0\.1:\d+/,
      /device {3}reconnected/,
      /device {3}sent "still here", got it back/,
      /All of it happened, in \d+\.\d s\./,
    ];
    const inOrder = new RegExp(steps.map((step) => `${step.source}[^]*`).join(""));
    expect(demo.out.text).to.match(inOrder);
  });

  it("fails, and ends, where something in it does not happen", async () => {
    demo = new ExampleProcess("examples/demo.ts");
    await demo.out.match(/gateway {2}listens/);
    expect(await demo.interrupt()).to.deep.equal([1, null]);
    expect(demo.err.text).to.match(/^The demo failed\. .*: interrupted\n$/);
  });
});
