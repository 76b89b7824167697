import { isIPv4 } from 'node:net'
import { canonicalAddress } from '#base/ip-address.ts'

/** "4.3.2.1.in-addr.arpa" → "1.2.3.4", and 32 nibbles under ip6.arpa; undefined for what is no whole reverse name. */
export function reverseAddress(name: string): string | undefined {
  if (name.endsWith('.in-addr.arpa')) {
    const address = name.slice(0, -13).split('.').reverse().join('.')
    return isIPv4(address) ? address : undefined
  }
  if (!name.endsWith('.ip6.arpa')) return undefined
  const nibbles = name.slice(0, -9).split('.').reverse()
  if (nibbles.length !== 32 || nibbles.some((nibble) => !/^[0-9a-f]$/.test(nibble))) return undefined
  return canonicalAddress(nibbles.join('').replace(/(.{4})(?=.)/g, '$1:'))
}
