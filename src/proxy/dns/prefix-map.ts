import { addressBytes } from '#base/ip-address.ts'
import type { Cidr } from '#proxy/config/model.ts'

/** "91.198.174.192/27"; a host prefix is the bare address. */
export function cidrText(cidr: Cidr): string {
  const hostLength = cidr.address.includes(':') ? 128 : 32
  return cidr.prefixLength === hostLength ? cidr.address : `${cidr.address}/${cidr.prefixLength}`
}

/** How many leading bits two addresses share; -1 when they are of different families. */
export function commonPrefixLength(one: Uint8Array, other: Uint8Array): number {
  if (one.length !== other.length) return -1
  for (let at = 0; at < one.length; at += 1) {
    const difference = (one[at] as number) ^ (other[at] as number)
    if (difference !== 0) return at * 8 + Math.clz32(difference) - 24
  }
  return one.length * 8
}

/** Prefixes to values, found by longest match: one hash look-up per distinct prefix length. */
export class PrefixMap<T> {
  /** Per family: prefix length → masked address → value; lengths in descending order. */
  readonly #lengths: Record<4 | 16, Map<number, Map<string, T>>> = { 4: new Map(), 16: new Map() }
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Sets the value of a prefix, or merges it with the one that is there. Prefixes that are not addresses are ignored. */
  add(cidr: Cidr, value: T, merge: (held: T, added: T) => T = (_held, added) => added): void {
    const bytes = addressBytes(cidr.address)
    if (bytes === undefined) return
    const family = bytes.length as 4 | 16
    const key = maskedKey(bytes, cidr.prefixLength)
    let values = this.#lengths[family].get(cidr.prefixLength)
    if (values === undefined) {
      values = new Map()
      this.#lengths[family].set(cidr.prefixLength, values)
      this.#lengths[family] = new Map([...this.#lengths[family]].sort(([one], [other]) => other - one))
    }
    const held = values.get(key)
    if (held === undefined) this.#size += 1
    values.set(key, held === undefined ? value : merge(held, value))
  }

  /** The value of the longest prefix that holds the address. */
  longest(ip: string): T | undefined {
    const bytes = addressBytes(ip)
    if (bytes === undefined) return undefined
    for (const [length, values] of this.#lengths[bytes.length as 4 | 16]) {
      const value = values.get(maskedKey(bytes, length))
      if (value !== undefined) return value
    }
    return undefined
  }
}

function maskedKey(bytes: Uint8Array, prefixLength: number): string {
  let key = ''
  for (let at = 0; at < bytes.length; at += 1) {
    const keptBits = Math.min(8, Math.max(0, prefixLength - at * 8))
    key += String.fromCharCode((bytes[at] as number) & (0xff00 >> keptBits))
  }
  return key
}
