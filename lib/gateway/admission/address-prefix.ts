const GROUPS = 8;

/** How many of an IPv6 address's groups name the network; the rest is its holder's to choose. */
const NETWORK_GROUPS = 4;

/**
 * Who is counted as one: an IPv4 address, the /64 network of an IPv6 address (whoever has one address there has 2^64 of
 * them), and any other text, such as that of a transport of the user's own, as it is.
 */
export function addressPrefix(address: string): string {
  if (!address.includes(":")) return address;
  const groups = ipv6Groups(address);
  return groups === null ? address : `${groups.slice(0, NETWORK_GROUPS).join(":")}::/64`;
}

/** The eight groups, without leading zeros; null where it is no IPv6 address. */
function ipv6Groups(address: string): string[] | null {
  // A zone ("%eth0") says which of our own interfaces, not who.
  const [plain = ""] = address.toLowerCase().split("%");
  const halves = plain.split("::");
  if (halves.length > 2) return null;
  const [head, tail] = halves.map((half) => (half === "" ? [] : half.split(":"))) as [string[], string[] | undefined];
  const groups = tail === undefined ? head : [...head, ...zeros(GROUPS - head.length - lengthOf(tail)), ...tail];
  if (lengthOf(groups) !== GROUPS || !groups.every(isGroup)) return null;
  return groups.map((group) => group.replace(/^0+(?=.)/, ""));
}

/** The last group may be an IPv4 address, which takes the place of two; in the network's part there is none. */
function lengthOf(groups: readonly string[]): number {
  return groups.length + (groups.at(-1)?.includes(".") === true ? 1 : 0);
}

function isGroup(group: string): boolean {
  return /^([0-9a-f]{1,4}|\d+\.\d+\.\d+\.\d+)$/.test(group);
}

function zeros(count: number): string[] {
  return Array.from({ length: Math.max(count, 0) }, () => "0");
}
