import { isIP, isIPv4 } from 'node:net'

/** Rules about IP addresses, CIDR blocks and Unix sockets (spec 1.0, scalar validators). Each returns what is wrong, or undefined. */

export const UNIX_PREFIX = 'unix://'

/** IPv4 without leading zeros, or IPv6, with or without a zone. */
export function isIpAddress(text: string): boolean {
  return isIP(text) !== 0
}

/** An IP address, or a block when there is exactly one slash in it; host bits may be set. */
export function faultOfIpSubnet(text: string): string | undefined {
  if (text.split('/').length !== 2) return isIpAddress(text) ? undefined : `${text} is not a valid IP`
  return isCidr(text) ? undefined : `${text} is not a valid CIDR block`
}

/** ADDRESS/BITS of either family; the address has no zone, the bits no leading zero. */
function isCidr(text: string): boolean {
  const slash = text.indexOf('/')
  const address = text.slice(0, slash)
  const bits = text.slice(slash + 1)
  if (slash < 0 || !isIpAddress(address) || address.includes('%') || !/^(?:0|[1-9]\d{0,2})$/.test(bits)) return false
  return Number(bits) <= (isIPv4(address) ? 32 : 128)
}

export function isIpv4Cidr(text: string): boolean {
  return isCidr(text) && isIPv4(text.slice(0, text.indexOf('/')))
}

/** The part after `unix://`: an absolute path of a file, or an abstract name `@name`. */
export function faultOfUnixAddress(path: string): string | undefined {
  if (path === '') return 'unix address must not be empty'
  if (path.startsWith('@')) return undefined
  return path.startsWith('/') && !path.endsWith('/') ? undefined : `${path} is not an absolute path to a file`
}
