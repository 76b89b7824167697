import { isIP } from 'node:net'

/** An address as a number, so that prefixes can be compared. */
export interface IpAddress {
  readonly family: 4 | 6
  readonly value: bigint
}

const MAPPED_PREFIX = 0xffffn

/** Parses IPv4 or IPv6 text, a zone ("%eth0") passed over; an IPv4-mapped IPv6 address is the IPv4 address. Undefined: not an address. */
export function parseIpAddress(text: string): IpAddress | undefined {
  const address = parseAsWritten(text)
  if (address?.family !== 6 || address.value >> 32n !== MAPPED_PREFIX) return address
  return { family: 4, value: address.value & 0xffff_ffffn }
}

/** The same, but an IPv4-mapped IPv6 address stays an IPv6 address. */
export function parseAsWritten(text: string): IpAddress | undefined {
  const family = isIP(text)
  if (family === 4) return { family: 4, value: ipv4Value(text) }
  return family === 6 ? { family: 6, value: ipv6Value(text.replace(/%.*/, '')) } : undefined
}

/** The 4 or 16 bytes of an address; IPv4-mapped IPv6 counts as IPv4; undefined when the text is not an address. */
export function addressBytes(text: string): Uint8Array | undefined {
  const address = parseIpAddress(text)
  return address === undefined ? undefined : bytesOf(address)
}

/** The text of 4 or 16 bytes: dotted, or as RFC 5952 wants it. */
export function addressText(bytes: Uint8Array): string {
  return bytes.length === 4 ? bytes.join('.') : ipv6Text(bytes)
}

/** One text per address: IPv4-mapped IPv6 as IPv4, IPv6 in RFC 5952 form; what is no address stays as it is. */
export function canonicalAddress(text: string): string {
  if (!text.includes(':')) return text
  const bytes = addressBytes(text)
  return bytes === undefined ? text : addressText(bytes)
}

/** The address with all but its first `prefixLength` bits cleared, in canonical text. */
export function networkAddress(address: IpAddress, prefixLength: number): string {
  const hostBits = BigInt(bitsOf(address) - prefixLength)
  return addressText(bytesOf({ ...address, value: (address.value >> hostBits) << hostBits }))
}

/** "::ffff:192.0.2.1", as a socket on "::" reports an IPv4 peer, is "192.0.2.1"; everything else stays as it is. */
export function withoutMapping(text: string): string {
  return text.startsWith('::ffff:') && isIP(text.slice(7)) === 4 ? text.slice(7) : text
}

/** The first `prefixLength` bits of an address, as a number. */
export function prefixOf(address: IpAddress, prefixLength: number): bigint {
  return address.value >> BigInt(bitsOf(address) - prefixLength)
}

/** How many bits an address of this family has. */
export function bitsOf({ family }: Pick<IpAddress, 'family'>): 32 | 128 {
  return family === 4 ? 32 : 128
}

function bytesOf(address: IpAddress): Uint8Array {
  const length = bitsOf(address) / 8
  return Uint8Array.from({ length }, (_, at) => Number((address.value >> BigInt((length - 1 - at) * 8)) & 0xffn))
}

/** Lower case, no leading zeros, the first longest run of two or more zero groups as "::". */
function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[i * 2]! * 256 + bytes[i * 2 + 1]!).toString(16))
  let start = -1
  let length = 1
  for (let i = 0; i < 8; i++) {
    let end = i
    while (end < 8 && groups[end] === '0') end++
    if (end - i <= length) continue
    start = i
    length = end - i
  }
  if (start < 0) return groups.join(':')
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`
}

function ipv4Value(text: string): bigint {
  let value = 0
  for (const part of text.split('.')) value = value * 256 + Number(part)
  return BigInt(value)
}

function ipv6Value(text: string): bigint {
  const [head = '', tail] = text.split('::')
  const left = groupsOf(head)
  const right = tail === undefined ? [] : groupsOf(tail)
  const zeros = new Array<number>(8 - left.length - right.length).fill(0)
  let value = 0n
  for (const group of [...left, ...zeros, ...right]) value = (value << 16n) | BigInt(group)
  return value
}

/** The 16-bit groups of "a:b:c", whose last may be dotted IPv4. */
function groupsOf(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const value = Number(ipv4Value(group))
    return [Math.floor(value / 65_536), value % 65_536]
  })
}
