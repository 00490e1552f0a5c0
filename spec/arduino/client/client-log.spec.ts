import { expect } from "chai";
import sinon from "sinon";
import { ClientLog } from "../../../lib/arduino/client/client-log.js";
import {
  USMP_LOG_LEVEL_DEBUG,
  USMP_LOG_LEVEL_NONE,
  USMP_LOG_LEVEL_WARN,
} from "../../../lib/arduino/client/constants.js";
import { SketchRig } from "../../support/sketch-rig.js";

describe("ClientLog", () => {
  /** What `during` writes to stderr. */
  async function written(during: () => unknown): Promise<string> {
    const write = sinon.stub(process.stderr, "write").returns(true);
    try {
      await during();
      return write.args.map(([text]) => String(text)).join("");
    } finally {
      write.restore();
    }
  }

  const everything = (log: ClientLog): void => {
    log.debug("a.debug", {});
    log.info("an.info", { attempt: 1 });
    log.warn("a.warning", { message: 'say "hi"\n' });
    log.error("an.error", { code: "AUTH", left: null });
  };

  it("writes nothing unless it is told to", async () => {
    expect(await written(() => everything(new ClientLog()))).to.equal("");
  });

  it("writes what is up to its level, one line each, whatever the fields hold", async () => {
    const log = new ClientLog();
    log.level = USMP_LOG_LEVEL_WARN;
    expect(await written(() => everything(log))).to.equal(
      '[W][usmp] a.warning message="say \\"hi\\"\\n"\n[E][usmp] an.error code="AUTH" left=null\n',
    );
    log.level = USMP_LOG_LEVEL_DEBUG;
    expect((await written(() => everything(log))).split("\n")).to.have.lengthOf(5);
    log.level = USMP_LOG_LEVEL_NONE;
    expect(await written(() => everything(log))).to.equal("");
  });

  it("is what setLogLevel() speaks of", async () => {
    const rig = await new SketchRig().start();
    rig.usmp.setLogLevel(USMP_LOG_LEVEL_WARN);
    await rig.board.advance(3_000);
    const text = await written(() => (rig.endSession(), rig.board.advance(100)));
    expect(text).to.match(/^\[W\]\[usmp\] device\.backoff attempt=1 transport="memory memory" delayMs=0 code="BYE"/);
    await rig.end();
  });
});
