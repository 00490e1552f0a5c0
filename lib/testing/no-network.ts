import type { BoardNetwork } from "../arduino/board/network.js";
import { UsmpError } from "../errors.js";

/** The network of a virtual board without a gateway: it is up, and nothing answers. */
export const noNetwork: BoardNetwork = {
  up: true,
  dialer: (kind, host, port) => ({
    describe: () => `${kind} ${host}:${port}`,
    dial: () => Promise.reject(unreachable()),
  }),
  silence: () => {},
};

function unreachable(): UsmpError {
  const advice = "make it one, new VirtualBoard({ gateway: new TestGateway({ psk }) })";
  return new UsmpError("TRANSPORT", `this virtual board has no gateway to connect to: ${advice}`);
}
