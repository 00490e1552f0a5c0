// By require: prints what it got back.
const { Usmp } = require("usmp");

async function main() {
  const gateway = new Usmp(process.env.USMP_PSK);
  gateway.onMessage((data, _length, session) => void session.send(data));
  const [{ port }] = await gateway.listen(Usmp.TCP("127.0.0.1", 0));
  const device = new Usmp(process.env.USMP_PSK, { reconnect: false });
  const answered = new Promise((resolve) => device.onMessage((data) => resolve(data.toString())));
  if (!(await device.begin(Usmp.TCP("127.0.0.1", port)))) throw new Error(device.lastErrorString());
  device.send("required");
  console.log(await answered);
  await device.close();
  await gateway.close();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
