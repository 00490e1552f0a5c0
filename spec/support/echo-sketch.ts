/** A process that echoes every message: as a sketch, or, with "plain", on the facade. Arguments: the port, and which. */
import { USMPClient } from "../../lib/arduino/client/usmp-client.js";
import { USMP } from "../../lib/arduino/client/usmp.js";
import { runSketch } from "../../lib/arduino/sketch/run-sketch.js";
import { Usmp } from "../../lib/usmp.js";

const PSK = "usmp-dev-psk-change-me-before-prod";
const [port, which] = process.argv.slice(2);

if (which === "plain") {
  const usmp = new Usmp(PSK);
  usmp.onMessage((data) => usmp.send(data));
  await usmp.begin(Usmp.TCP("127.0.0.1", Number(port)));
  process.once("SIGINT", () => void usmp.close());
} else {
  await runSketch(() => {
    const usmp = new USMPClient(PSK);
    usmp.onMessage((data, len) => usmp.send(data, len));
    return {
      setup: async () => void (await usmp.begin(USMP.TCP("127.0.0.1", Number(port)))),
      loop: () => usmp.maintain(),
    };
  });
}
