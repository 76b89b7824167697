import { isIP, isIPv4 } from 'node:net'
import { type Address, type CidrRange, SocketAddress_Protocol } from '#xds/gen/envoy/config/core/v3/address_pb.js'
import type { Cidr } from './model.ts'
import type { Place } from './place.ts'

/** A TCP address as text and port; a pipe is its path with port 0. */
export interface DecodedAddress {
  readonly address: string
  readonly port: number
}

/** Undefined, and an error, for what is no address of a TCP or Unix socket. */
export function decodeAddress(address: Address | undefined, place: Place): DecodedAddress | undefined {
  const specifier = address?.address
  if (specifier?.case === 'pipe') return { address: specifier.value.path, port: 0 }
  if (specifier?.case !== 'socketAddress') {
    place.error('neither socket_address nor pipe is set')
    return undefined
  }
  const { protocol, address: text, portSpecifier } = specifier.value
  if (protocol !== SocketAddress_Protocol.TCP) place.error('protocol UDP is not supported')
  if (portSpecifier.case === 'namedPort') place.error(`named port "${portSpecifier.value}" is not supported`)
  const port = portSpecifier.case === 'portValue' ? portSpecifier.value : 0
  if (port > 65535) place.error(`port ${port} is above 65535`)
  if (text === '') place.error('address is empty')
  return { address: text, port }
}

export function decodeCidr({ addressPrefix, prefixLen }: CidrRange, place: Place): Cidr {
  const longest = isIPv4(addressPrefix) ? 32 : 128
  const prefixLength = prefixLen ?? 0
  if (isIP(addressPrefix) === 0) place.error(`"${addressPrefix}" is not an IP address`)
  else if (prefixLength > longest) place.error(`prefix length ${prefixLength} is above ${longest}`)
  return { address: addressPrefix, prefixLength }
}
