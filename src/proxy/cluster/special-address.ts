import { type IpAddress, parseIpAddress, prefixOf } from '#base/ip-address.ts'

/**
 * What an address means to the machine that the proxy runs on, where it is nobody else's business: `own` is the machine itself
 * (loopback, unspecified), `link` its link, on which clouds keep the services that hand out credentials. Undefined: any other address.
 */
export type SpecialAddress = 'own' | 'link' | undefined

interface Prefix {
  readonly network: IpAddress
  readonly prefixLength: number
}

interface Range extends Prefix {
  readonly meaning: SpecialAddress
}

/** Loopback and unspecified; link-local; and where clouds answer besides: AWS and Google over IPv6, Azure, Alibaba. */
const RANGES: readonly Range[] = [
  rangeOf('0.0.0.0', 8, 'own'),
  rangeOf('127.0.0.0', 8, 'own'),
  rangeOf('::', 128, 'own'),
  rangeOf('::1', 128, 'own'),
  rangeOf('169.254.0.0', 16, 'link'),
  rangeOf('fe80::', 10, 'link'),
  rangeOf('fd00:ec2::254', 128, 'link'),
  rangeOf('fd20:ce::254', 128, 'link'),
  rangeOf('168.63.129.16', 32, 'link'),
  rangeOf('100.100.100.200', 32, 'link'),
]

/** IPv6 addresses that stand for an IPv4 one, whose lowest bit is so far to the left: NAT64 (RFC 6052) and 6to4 (RFC 3056). */
const TRANSLATED: readonly (Prefix & { readonly shift: bigint })[] = [
  { network: parseIpAddress('64:ff9b::') as IpAddress, prefixLength: 96, shift: 0n },
  { network: parseIpAddress('2002::') as IpAddress, prefixLength: 16, shift: 80n },
]

/** @param ip IPv4 or IPv6 text; IPv6 that stands for an IPv4 address counts as both; what is no address is not special */
export function specialAddressOf(ip: string): SpecialAddress {
  const address = parseIpAddress(ip)
  if (address === undefined) return undefined
  return meaningOf(address) ?? meaningOf(translated(address))
}

function meaningOf(address: IpAddress | undefined): SpecialAddress {
  return address === undefined ? undefined : RANGES.find((range) => holds(range, address))?.meaning
}

function translated(address: IpAddress): IpAddress | undefined {
  const form = TRANSLATED.find((range) => holds(range, address))
  return form === undefined ? undefined : { family: 4, value: (address.value >> form.shift) & 0xffff_ffffn }
}

function rangeOf(ip: string, prefixLength: number, meaning: SpecialAddress): Range {
  return { network: parseIpAddress(ip) as IpAddress, prefixLength, meaning }
}

function holds({ network, prefixLength }: Prefix, address: IpAddress): boolean {
  return network.family === address.family && prefixOf(network, prefixLength) === prefixOf(address, prefixLength)
}
