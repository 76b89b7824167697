/**
 * Addresses that stand for names which nobody may reach: 240.241.0.0/16 and 2001:2:0:ffff::/64, beside the virtual IPs
 * (240.240.0.0/16 and 2001:2::/48, of which control takes the low end) and never routed anywhere.
 */
export const SYNTHETIC_SLOTS = 65_534

/** Slot 1 … SYNTHETIC_SLOTS to its IPv4 address. */
export function syntheticIpv4(slot: number): string {
  return `240.241.${slot >> 8}.${slot & 255}`
}

/** Slot 1 … SYNTHETIC_SLOTS to its IPv6 address, in canonical text. */
export function syntheticIpv6(slot: number): string {
  return `2001:2:0:ffff::${slot.toString(16)}`
}

/** The slot of a synthetic address in canonical text; undefined for all other addresses. */
export function syntheticSlot(ip: string): number | undefined {
  if (ip.startsWith('240.241.')) {
    const [, , high, low] = ip.split('.')
    return inRange(Number(high) * 256 + Number(low))
  }
  if (ip.startsWith('2001:2:0:ffff::')) return inRange(Number.parseInt(ip.slice(15), 16))
  return undefined
}

/** Whether an address in canonical text stands for a name, one that is allowed (a virtual IP) or not. */
export function isMadeUp(ip: string): boolean {
  return ['240.240.', '240.241.', '2001:2::', '2001:2:0:'].some((prefix) => ip.startsWith(prefix))
}

function inRange(slot: number): number | undefined {
  return slot >= 1 && slot <= SYNTHETIC_SLOTS ? slot : undefined
}
