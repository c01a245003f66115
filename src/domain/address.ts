/**
 * What is kept of a sender's address: enough to tell senders apart, too little to be a person's.
 * The first 24 bits of an IPv4 address, also of one written as IPv6, else the first 48; empty for
 * what is no address.
 */
export function addressPrefix(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const octets = (mapped ?? address).split(".");
  if (octets.length === 4 && octets.every((octet) => /^\d{1,3}$/.test(octet))) {
    return `${octets.slice(0, 3).join(".")}.0/24`;
  }
  const groups = groupsOf(address);
  if (groups === null) return "";
  const [first = 0, second = 0, third = 0, fourth, fifth, sixth, seventh = 0] = groups;
  const isMapped = first + second + third + (fourth ?? 0) + (fifth ?? 0) === 0 && sixth === 0xffff;
  if (isMapped) return `${seventh >> 8}.${seventh & 255}.${(groups[7] ?? 0) >> 8}.0/24`;
  // As RFC 5952 writes it: groups without leading zeros, those at the end left to the `::`.
  const kept = third !== 0 ? [first, second, third] : second !== 0 ? [first, second] : [first];
  const texts = kept.map((group) => group.toString(16));
  return `${first + second + third === 0 ? "" : texts.join(":")}::/48`;
}

/** The eight groups of an IPv6 address, or null. */
function groupsOf(address: string): number[] | null {
  const halves = address.split("::");
  const [left, right] = halves.map((half) => (half === "" ? [] : half.split(":")));
  if (left === undefined || halves.length > 2) return null;
  const missing = 8 - left.length - (right?.length ?? 0);
  if (right === undefined ? missing !== 0 : missing < 1) return null;
  const texts = [...left, ...Array.from({ length: missing }, () => "0"), ...(right ?? [])];
  if (!texts.every((text) => /^[0-9a-f]{1,4}$/i.test(text))) return null;
  return texts.map((text) => Number.parseInt(text, 16));
}
