// A gateway in a process of its own, which the smoke suite kills: peer.mjs <tcp|udp> <port>. Prints the port that it listens on.
import { Usmp } from "usmp";

const [carrier, port] = process.argv.slice(2);
const gateway = new Usmp(process.env.USMP_PSK);
gateway.onMessage((data, _length, session) => void session.send(data));
const transport = carrier === "udp" ? Usmp.UDP("127.0.0.1", Number(port)) : Usmp.TCP("127.0.0.1", Number(port));
const [address] = await gateway.listen(transport);
console.log(`listening ${address.port}`);
