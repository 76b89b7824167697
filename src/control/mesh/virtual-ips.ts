/** The automatic addresses of one host: an IPv4 one in 240.240.0.0/16 and its IPv6 twin in 2001:2::/48 (spec 3.13). */
export interface VirtualIps {
  readonly v4: string
  readonly v6: string
}

/** x.y of 240.240.x.y, with y from 1 to 254. */
const SLOTS = 256 * 254

/**
 * Gives every name ("NAMESPACE/HOST") its own pair of addresses. A name's address is a function of the name alone, so it
 * survives restarts and unrelated changes; where two names meet, the earlier one in `names` keeps its place. Names beyond
 * the 65,024 places get none. Addresses in `taken` (that users wrote themselves) are not given out.
 */
export function allocateVirtualIps(
  names: Iterable<string>,
  taken: ReadonlySet<string>,
): ReadonlyMap<string, VirtualIps> {
  const ips = new Map<string, VirtualIps>()
  const used = new Set<number>()
  for (const name of names) {
    if (ips.has(name) || used.size >= SLOTS) continue
    const free = freeSlot(name, used, taken)
    if (free === undefined) continue
    used.add(free)
    ips.set(name, addressesOf(free))
  }
  return ips
}

function freeSlot(name: string, used: ReadonlySet<number>, taken: ReadonlySet<string>): number | undefined {
  const hash = fnv1a(name)
  let slot = hash % SLOTS
  for (let tries = 0; tries < SLOTS; tries++) {
    if (!used.has(slot) && !isTaken(slot, taken)) return slot
    slot = (slot + 1) % SLOTS
  }
  return undefined
}

function isTaken(slot: number, taken: ReadonlySet<string>): boolean {
  if (taken.size === 0) return false
  const { v4, v6 } = addressesOf(slot)
  return taken.has(v4) || taken.has(v6)
}

/** Each is written once: a mesh of ten thousand hosts asks for ten thousand of them at every change. */
const written: (VirtualIps | undefined)[] = []

function addressesOf(slot: number): VirtualIps {
  const known = written[slot]
  if (known !== undefined) return known
  const high = Math.floor(slot / 254)
  const low = 1 + (slot % 254)
  const ips = { v4: `240.240.${high}.${low}`, v6: `2001:2::f0f0:${((high << 8) | low).toString(16)}` }
  written[slot] = ips
  return ips
}

/** FNV-1a, 32 bits, over the UTF-16 code units (host names are ASCII). */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
