/** A sketch in a process of its own, over real sockets. */
import { expect } from "chai";
import { EchoProcess } from "../../support/echo-process.js";

describe("USMPClient on real sockets", () => {
  for (const kind of ["tcp", "udp"] as const) {
    it(`answers over ${kind} from within onMessage, and says BYE on Ctrl-C`, async () => {
      const echo = await EchoProcess.start("sketch", kind);
      for (let index = 0; index < 50; index++) await echo.roundTrip(`message ${index}`);
      expect(await echo.interrupt()).to.deep.equal({ exitCode: 0, reason: "BYE" });
    });
  }

  it("answers a burst in order", async () => {
    const echo = await EchoProcess.start("sketch");
    const sent = Array.from({ length: 100 }, (_, index) => `${index}`);
    for (const message of sent) echo.session.send(message);
    const answers: string[] = [];
    while (answers.length < sent.length) answers.push((await echo.session.recv()).toString());
    expect(answers).to.deep.equal(sent);
    await echo.interrupt();
  });
});
