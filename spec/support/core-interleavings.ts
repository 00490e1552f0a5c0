/** Every order in which two ends can act, up to orders that neither end could tell apart. */
import type { Role } from "../../lib/core/session/rekey-kdf.js";

export interface Step {
  readonly role: Role;
  /** `send`: this end puts one more frame on the wire. `take`: it receives the next frame of its peer. */
  readonly action: "send" | "take";
}

/** How often one end does each. */
export interface Actions {
  readonly send: number;
  readonly take: number;
}

type History = readonly Step["action"][];

/**
 * All pairs of local histories, each an order of one end's own sends and takes, that can happen together: nothing is taken
 * before it was sent. Two global orders with the same pair look the same to both ends, so one order is given for each pair.
 * `inFlight` frames of each end were sent before all this.
 */
export function* interleavings(
  actions: Readonly<Record<Role, Actions>>,
  inFlight: Readonly<Record<Role, number>>,
): Generator<readonly Step[]> {
  const ofGateway = [...histories(actions.gateway)];
  for (const device of histories(actions.device)) {
    for (const gateway of ofGateway) {
      const order = merge({ device, gateway }, inFlight);
      if (order !== null) yield order;
    }
  }
}

function* histories({ send, take }: Actions): Generator<History> {
  if (send + take === 0) yield [];
  if (send > 0) for (const rest of histories({ send: send - 1, take })) yield ["send", ...rest];
  if (take > 0) for (const rest of histories({ send, take: take - 1 })) yield ["take", ...rest];
}

/** One global order with these local ones, or null where each end would have to wait for the other. */
function merge(local: Readonly<Record<Role, History>>, inFlight: Readonly<Record<Role, number>>): Step[] | null {
  const order: Step[] = [];
  const at = { device: 0, gateway: 0 };
  const sent = { ...inFlight };
  const taken = { device: 0, gateway: 0 };
  const act = (role: Role, peer: Role): boolean => {
    const action = local[role][at[role]];
    if (action === undefined || (action === "take" && taken[role] === sent[peer])) return false;
    if (action === "take") taken[role]++;
    else sent[role]++;
    at[role]++;
    order.push({ role, action });
    return true;
  };
  let before: number;
  do {
    before = order.length;
    while (act("device", "gateway"));
    while (act("gateway", "device"));
  } while (order.length > before);
  return order.length === local.device.length + local.gateway.length ? order : null;
}
