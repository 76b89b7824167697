import { isIP } from 'node:net'
import type { Nameserver } from './exchange.ts'

/** resolv.conf(5) honours three. */
const MAX_NAMESERVERS = 3

/** The name servers of a resolv.conf; without any, the resolver of this machine, as resolv.conf(5) says. */
export function parseResolvConf(text: string): readonly Nameserver[] {
  const addresses = text
    .split('\n')
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? '')
    // "fe80::1%eth0": the scope is part of the address, but not of what isIP knows.
    .filter((address) => isIP(address.replace(/%.*$/, '')) !== 0)
  const used = addresses.length === 0 ? ['127.0.0.1'] : addresses.slice(0, MAX_NAMESERVERS)
  return used.map((address) => ({ address, port: 53 }))
}
