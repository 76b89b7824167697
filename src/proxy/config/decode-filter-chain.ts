import type {
  Filter,
  FilterChainMatch as FilterChainMatchMessage,
  FilterChain as FilterChainMessage,
} from '#xds/gen/envoy/config/listener/v3/listener_components_pb.js'
import { HttpConnectionManagerSchema } from '#xds/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js'
import { MongoProxySchema } from '#xds/gen/envoy/extensions/filters/network/mongo_proxy/v3/mongo_proxy_pb.js'
import { TcpProxySchema } from '#xds/gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js'
import { decodeCidr } from './decode-address.ts'
import { decodeHttpConnectionManager } from './decode-http-connection-manager.ts'
import { decodeTcpProxy } from './decode-tcp-proxy.ts'
import { isWithoutEffectOnTraffic, typeNameOf } from './extensions.ts'
import type { FilterChain, FilterChainMatch } from './model.ts'
import type { Place } from './place.ts'

const NO_MATCH: FilterChainMatch = {
  destinationPort: undefined,
  prefixRanges: [],
  serverNames: [],
  transportProtocol: undefined,
  applicationProtocols: [],
}
/** As the reserved extension name of a transport without TLS. */
const RAW_BUFFER = 'envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer'

/** Undefined, and errors, when it has no terminal filter that we build. */
export function decodeFilterChain(chain: FilterChainMessage, place: Place): FilterChain | undefined {
  const socket = chain.transportSocket?.configType
  if (socket !== undefined && typeNameOf({ typedConfig: socket.value }) !== RAW_BUFFER)
    place.at('transport_socket').error('TLS towards the application is not supported')
  place.refuseSet({ use_proxy_proto: chain.useProxyProto === true })
  const terminal = decodeTerminal(chain.filters, place)
  if (terminal === undefined) return undefined
  return {
    name: chain.name,
    match: decodeMatch(chain.filterChainMatch, place.at('filter_chain_match')),
    terminal,
    mongo: chain.filters.slice(0, -1).some((filter) => typeOf(filter) === MongoProxySchema.typeName),
  }
}

function decodeMatch(match: FilterChainMatchMessage | undefined, place: Place): FilterChainMatch {
  if (match === undefined) return NO_MATCH
  place.refuseSet({
    address_suffix: match.addressSuffix !== '',
    suffix_len: match.suffixLen !== undefined,
    source_type: match.sourceType !== 0,
    source_prefix_ranges: match.sourcePrefixRanges.length > 0,
    source_ports: match.sourcePorts.length > 0,
    direct_source_prefix_ranges: match.directSourcePrefixRanges.length > 0,
  })
  return {
    destinationPort: match.destinationPort,
    prefixRanges: match.prefixRanges.map((range, index) => decodeCidr(range, place.at(`prefix_ranges[${index}]`))),
    serverNames: match.serverNames.map((name) => name.toLowerCase()),
    transportProtocol: decodeTransportProtocol(match.transportProtocol, place),
    applicationProtocols: match.applicationProtocols,
  }
}

function decodeTransportProtocol(text: string, place: Place): FilterChainMatch['transportProtocol'] {
  if (text === '') return undefined
  if (text === 'raw_buffer' || text === 'tls') return text
  place.at('transport_protocol').error(`"${text}" is not supported: "raw_buffer" and "tls" are`)
  return undefined
}

function decodeTerminal(filters: readonly Filter[], place: Place): FilterChain['terminal'] | undefined {
  for (const [index, filter] of filters.slice(0, -1).entries()) decodeLeading(filter, place.at(`filters[${index}]`))
  const at = place.at(`filters[${filters.length - 1}]`)
  const last = filters.at(-1)
  if (last === undefined) place.at('filters').error('a chain without filters is not supported')
  else if (last.configType.case === 'typedConfig') {
    if (typeOf(last) === TcpProxySchema.typeName) {
      const proxy = at.unpack(TcpProxySchema, last.configType.value)
      return proxy && decodeTcpProxy(proxy, at)
    }
    if (typeOf(last) === HttpConnectionManagerSchema.typeName) {
      const manager = at.unpack(HttpConnectionManagerSchema, last.configType.value)
      return manager && decodeHttpConnectionManager(manager, at)
    }
    at.error(`filter "${last.name}" is not supported`)
  } else at.error('typed_config is not set')
  return undefined
}

/** Filters before the terminal one: those we build, or can safely do without. */
function decodeLeading(filter: Filter, place: Place): void {
  if (typeOf(filter) === MongoProxySchema.typeName) return
  if (isWithoutEffectOnTraffic(filter.name)) place.note(`filter "${filter.name}" has no effect`)
  else place.error(`filter "${filter.name}" is not supported`)
}

function typeOf({ configType }: Filter): string {
  return typeNameOf({ typedConfig: configType.value })
}
