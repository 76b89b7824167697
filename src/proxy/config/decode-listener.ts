import { TrafficDirection } from '#xds/gen/envoy/config/core/v3/base_pb.js'
import type { Listener as ListenerMessage } from '#xds/gen/envoy/config/listener/v3/listener_pb.js'
import { HttpInspectorSchema } from '#xds/gen/envoy/extensions/filters/listener/http_inspector/v3/http_inspector_pb.js'
import { OriginalDstSchema } from '#xds/gen/envoy/extensions/filters/listener/original_dst/v3/original_dst_pb.js'
import { TlsInspectorSchema } from '#xds/gen/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js'
import { decodeAccessLogs } from './decode-access-log.ts'
import { decodeAddress } from './decode-address.ts'
import { decodeFilterChain } from './decode-filter-chain.ts'
import { typeNameOf } from './extensions.ts'
import type { FilterChain, FilterChainMatch, Listener } from './model.ts'
import type { Place } from './place.ts'

const DEFAULT_INSPECTOR_TIMEOUT_MS = 15_000

/** Fields that our generated types leave out and that must not be ignored (listener.proto). */
const REFUSED_FIELDS = {
  18: 'udp_listener_config',
  19: 'api_listener',
  27: 'internal_listener',
  32: 'filter_chain_matcher',
}

/**
 * A listener as the proxy runs it. Undefined with errors when it cannot; undefined without for one that receives traffic for
 * the application, which the proxy does not take: noted, and nothing listens there.
 */
export function decodeListener(listener: ListenerMessage, place: Place): Listener | undefined {
  if (listener.trafficDirection === TrafficDirection.INBOUND) {
    place.note('inbound traffic is not taken')
    return undefined
  }
  place.refuseUnknown(listener, REFUSED_FIELDS)
  const address = decodeAddress(listener.address, place.at('address'))
  const filterChains = decodeFilterChains(listener, place)
  const defaultFilterChain =
    listener.defaultFilterChain && decodeFilterChain(listener.defaultFilterChain, place.at('default_filter_chain'))
  if (listener.filterChains.length === 0 && listener.defaultFilterChain === undefined)
    place.at('filter_chains').error('a listener needs a filter chain')
  const inspectors = decodeListenerFilters(listener, place)
  const inspectorTimeoutMs = place
    .at('listener_filters_timeout')
    .durationMs(listener.listenerFiltersTimeout, DEFAULT_INSPECTOR_TIMEOUT_MS)
  if (address === undefined) return undefined
  return {
    name: listener.name,
    ...address,
    ...decodeAdditionalAddresses(listener, address.port, place),
    bindToPort: listener.bindToPort ?? true,
    useOriginalDst: listener.useOriginalDst ?? false,
    inspectors,
    inspectorTimeoutMs,
    continueOnInspectorTimeout: listener.continueOnListenerFiltersTimeout,
    filterChains,
    defaultFilterChain,
    accessLog: decodeAccessLogs(listener.accessLog, place),
  }
}

function decodeAdditionalAddresses(listener: ListenerMessage, port: number, place: Place) {
  const additionalAddresses: string[] = []
  for (const [index, additional] of listener.additionalAddresses.entries()) {
    const at = place.at(`additional_addresses[${index}].address`)
    const decoded = decodeAddress(additional.address, at)
    if (decoded === undefined) continue
    if (decoded.port !== port) at.error(`port ${decoded.port} differs from the listener's port ${port}`)
    additionalAddresses.push(decoded.address)
  }
  return additionalAddresses.length === 0 ? {} : { additionalAddresses }
}

function decodeListenerFilters(listener: ListenerMessage, place: Place): Listener['inspectors'] {
  const types = listener.listenerFilters.map(({ configType }) => typeNameOf({ typedConfig: configType.value }))
  // The proxy always knows the original destination: it is handed every socket with it.
  const known: readonly string[] = [
    TlsInspectorSchema.typeName,
    HttpInspectorSchema.typeName,
    OriginalDstSchema.typeName,
  ]
  for (const [index, type] of types.entries()) {
    if (known.includes(type)) continue
    const { name } = listener.listenerFilters[index] as { name: string }
    place.at(`listener_filters[${index}]`).error(`listener filter "${name}" is not supported`)
  }
  return { tls: types.includes(TlsInspectorSchema.typeName), http: types.includes(HttpInspectorSchema.typeName) }
}

function decodeFilterChains(listener: ListenerMessage, place: Place): FilterChain[] {
  const firstWith = new Map<string, number>()
  return listener.filterChains.flatMap((message, index) => {
    const at = place.at(`filter_chains[${index}]`)
    const chain = decodeFilterChain(message, at)
    if (chain === undefined) return []
    const key = keyOf(chain.match)
    const twin = firstWith.get(key)
    if (twin !== undefined) at.at('filter_chain_match').error(`is the same as that of filter_chains[${twin}]`)
    else firstWith.set(key, index)
    return [chain]
  })
}

/** Equal for matches that no connection can tell apart. */
function keyOf(match: FilterChainMatch): string {
  const ranges = match.prefixRanges.map(({ address, prefixLength }) => `${address}/${prefixLength}`)
  return JSON.stringify([
    match.destinationPort,
    ranges.sort(),
    [...match.serverNames].sort(),
    match.transportProtocol,
    [...match.applicationProtocols].sort(),
  ])
}
