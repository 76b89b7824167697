import { fnv1a } from '#base/fnv1a.ts'

/** The automatic addresses of one host: an IPv4 one in 240.240.0.0/16 and its IPv6 twin in 2001:2::/48 (spec 3.13). */
export interface VirtualIps {
  readonly v4: string
  readonly v6: string
}

/** Who gets virtual IPs. */
export interface VirtualIpName {
  /** "NAMESPACE/HOST" */
  readonly text: string
  /** The slot that is its own unless an older name has it: a function of the name alone. */
  readonly home: number
}

/** x.y of 240.240.x.y, with y from 1 to 254. */
const SLOTS = 256 * 254
/** Holds the slots that users wrote the addresses of. */
const A_USER = ''

export function virtualIpName(text: string): VirtualIpName {
  return { text, home: fnv1a(text) % SLOTS }
}

/**
 * Gives every name its own pair of addresses. A name's address is a function of the name alone, so it survives restarts and unrelated changes; where two
 * names meet, the one that asks first keeps its place. Names beyond the 65,024 places get none. Slots in `taken` (slotOf) are not given out.
 */
export class VirtualIpAllocation {
  readonly #holders = new Array<string | undefined>(SLOTS)
  #free = SLOTS
  /** All who have a slot, once there is none left: nobody else need look for one. */
  #full: ReadonlySet<string | undefined> | undefined

  constructor(taken: Iterable<number>) {
    for (const slot of taken) this.#hold(slot, A_USER)
  }

  /** What the name has, or gets now; undefined when nothing is left. */
  give({ text, home }: VirtualIpName): VirtualIps | undefined {
    if (this.#full !== undefined && !this.#full.has(text)) return undefined
    let slot = home
    // A name that has a slot is met before the first free one.
    while (this.#holders[slot] !== undefined && this.#holders[slot] !== text) slot = (slot + 1) % SLOTS
    this.#hold(slot, text)
    return addressesOf(slot)
  }

  #hold(slot: number, holder: string): void {
    if (this.#holders[slot] !== undefined) return
    this.#holders[slot] = holder
    this.#free -= 1
    if (this.#free === 0) this.#full = new Set(this.#holders)
  }
}

/** The slot that an address would be given out with; undefined for one that is never given out, as it is written. */
export function slotOf(address: string): number | undefined {
  const [, high = '', low = ''] = /^240\.240\.(\d{1,3})\.(\d{1,3})$/.exec(address) ?? []
  const twin = Number.parseInt(/^2001:2::f0f0:([\da-f]{1,4})$/.exec(address)?.[1] ?? '', 16)
  const [x, y] = Number.isNaN(twin) ? [Number(high), Number(low)] : [twin >> 8, twin & 0xff]
  const slot = x * 254 + y - 1
  if (y < 1 || y > 254 || x > 255) return undefined
  const { v4, v6 } = addressesOf(slot)
  return address === v4 || address === v6 ? slot : undefined
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
