/**
 * A process that echoes every message: as a sketch, or, with "plain", on the facade. Arguments: "tcp" or "udp", the port, and
 * "sketch" or "plain".
 */
import { USMPClient } from "../../lib/arduino/client/usmp-client.js";
import { USMP } from "../../lib/arduino/client/usmp.js";
import { runSketch } from "../../lib/arduino/sketch/run-sketch.js";
import { Usmp } from "../../lib/usmp.js";

const PSK = "usmp-dev-psk-change-me-before-prod";
const HOST = "127.0.0.1";
const [kind, port, which] = process.argv.slice(2);

if (which === "plain") {
  const usmp = new Usmp(PSK);
  usmp.onMessage((data) => usmp.send(data));
  process.once("SIGINT", () => void usmp.close());
  await usmp.begin(kind === "udp" ? Usmp.UDP(HOST, Number(port)) : Usmp.TCP(HOST, Number(port)));
} else {
  const transport = kind === "udp" ? USMP.UDP(HOST, Number(port)) : USMP.TCP(HOST, Number(port));
  await runSketch(() => {
    const usmp = new USMPClient(PSK);
    usmp.onMessage((data, len) => usmp.send(data, len));
    return {
      setup: async () => void (await usmp.begin(transport)),
      loop: () => usmp.maintain(),
    };
  });
}
