/** The demo's gateway: a process of its own, so that it can be killed. It ends when its parent does. */
import { Usmp, type UsmpSession } from "usmp";

const gateway = new Usmp(process.env["DEMO_PSK"] ?? "");

function say(text: string): void {
  console.log(`  gateway  ${text}`);
}

function shown(data: Uint8Array): string {
  return data.length <= 40 ? JSON.stringify(data.toString()) : `${data.length} bytes`;
}

gateway.onConnect((session: UsmpSession) => {
  say(`${session.deviceId} has proved its key`);
  session.on("rekey", (by) => say(`keys rotated, as the ${by === "peer" ? "device" : "gateway"} asked`));
});
gateway.onMessage(async (data, _length, session) => {
  say(`got ${shown(data)}, sends it back`);
  await session.sendAsync(data);
});
gateway.onDisconnect((reason) => say(`session over: ${reason.code}`));
process.once("disconnect", () => void gateway.close());
// The terminal tells both processes of a Ctrl-C; the device is the one to act on it.
process.on("SIGINT", () => {});

const [listening] = await gateway.listen(Usmp.TCP("127.0.0.1", Number(process.env["DEMO_PORT"] ?? 0)));
say(`listens on 127.0.0.1:${listening?.port ?? "?"}`);
process.send?.(listening?.port);
