// This library, with its defaults, from the build that the setup names.
const { TcpTransport, UdpTransport, UsmpClient, UsmpServer } = await import(JSON.parse(process.argv[2]).library);

/** All devices of the bench share one address, and handshakes are what it measures. */
const LIMITS = {
  maxSessions: 5_000,
  maxSessionsPerAddress: 5_000,
  maxHandshakesPerAddress: 256,
  maxHandshakesPerSecond: 100_000,
  maxHandshakesPerSecondPerAddress: 100_000,
  handshakeBurstPerAddress: 100_000,
  maxCookiesPerSecond: 100_000,
};

const transportFor = ({ carrier }, port) => new (carrier === "udp" ? UdpTransport : TcpTransport)("127.0.0.1", port);

export async function connect(setup) {
  const { psk, cipher, port } = setup;
  const client = new UsmpClient({ transport: transportFor(setup, port), psk, cipher });
  await client.connect();
  let arrived;
  client.onMessage(() => arrived());
  return {
    send: (data) => client.send(data),
    drained: () => new Promise((resolve) => client.once("drain", resolve)),
    echo: (data) => {
      client.send(data);
      return new Promise((resolve) => (arrived = resolve));
    },
    close: () => client.disconnect(),
  };
}

export async function listen(setup, took) {
  const { psk, cipher } = setup;
  const server = new UsmpServer({ psk, cipher, ...LIMITS });
  server.onSession((session) => {
    session.onMessage((data) => {
      if (!took(data.length)) session.send(data);
    });
  });
  const [{ port }] = await server.listen(transportFor(setup, 0));
  return port;
}
