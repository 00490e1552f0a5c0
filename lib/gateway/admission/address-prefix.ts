const GROUPS = 8;

/** How many of an IPv6 address's groups identify the network; its holder chooses the rest. */
const NETWORK_GROUPS = 4;

/**
 * What counts as one address: an IPv4 address, the /64 network of an IPv6 address (the holder of one address there has
 * 2^64 of them), or any other text unchanged, such as the address of a custom transport.
 */
export function addressPrefix(address: string): string {
  if (!address.includes(":")) return address;
  const groups = ipv6Groups(address);
  return groups === null ? address : `${groups.slice(0, NETWORK_GROUPS).join(":")}::/64`;
}

/** The eight groups, without leading zeros; null if the text is not an IPv6 address. */
function ipv6Groups(address: string): string[] | null {
  // A zone ("%eth0") names one of our own interfaces, not the peer.
  const [plain = ""] = address.toLowerCase().split("%");
  const halves = plain.split("::");
  if (halves.length > 2) return null;
  const [head, tail] = halves.map((half) => (half === "" ? [] : half.split(":"))) as [string[], string[] | undefined];
  const groups = tail === undefined ? head : [...head, ...zeros(GROUPS - head.length - lengthOf(tail)), ...tail];
  if (lengthOf(groups) !== GROUPS || !groups.every(isGroup)) return null;
  return groups.map((group) => group.replace(/^0+(?=.)/, ""));
}

/** The last group may be an IPv4 address, which stands for two groups. It is never part of the network prefix. */
function lengthOf(groups: readonly string[]): number {
  return groups.length + (groups.at(-1)?.includes(".") === true ? 1 : 0);
}

function isGroup(group: string): boolean {
  return /^([0-9a-f]{1,4}|\d+\.\d+\.\d+\.\d+)$/.test(group);
}

function zeros(count: number): string[] {
  return Array.from({ length: Math.max(count, 0) }, () => "0");
}
