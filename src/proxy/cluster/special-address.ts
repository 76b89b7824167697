import { type IpAddress, parseIpAddress, prefixOf } from '#base/ip-address.ts'

/**
 * What an address means to the machine that the proxy runs on, where it is nobody else's business: `own` is the machine itself
 * (loopback, unspecified), `link` its link, on which clouds keep the services that hand out credentials. Undefined: any other address.
 */
export type SpecialAddress = 'own' | 'link' | undefined

interface Range {
  readonly network: IpAddress
  readonly prefixLength: number
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

/** @param ip IPv4 or IPv6 text; IPv4-mapped IPv6 counts as IPv4; what is no address is not special */
export function specialAddressOf(ip: string): SpecialAddress {
  const address = parseIpAddress(ip)
  return address === undefined ? undefined : RANGES.find((range) => holds(range, address))?.meaning
}

function rangeOf(ip: string, prefixLength: number, meaning: SpecialAddress): Range {
  return { network: parseIpAddress(ip) as IpAddress, prefixLength, meaning }
}

function holds({ network, prefixLength }: Range, address: IpAddress): boolean {
  return network.family === address.family && prefixOf(network, prefixLength) === prefixOf(address, prefixLength)
}
