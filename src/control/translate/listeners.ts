import { create } from '@bufbuild/protobuf'
import type { MeshConfig } from '#api/mesh-config.ts'
import { TrafficDirection } from '#xds/gen/envoy/config/core/v3/base_pb.js'
import {
  type FilterChain,
  type FilterChainMatch,
  FilterChainMatchSchema,
  FilterChainSchema,
  type ListenerFilter,
  ListenerFilterSchema,
} from '#xds/gen/envoy/config/listener/v3/listener_components_pb.js'
import { type Listener, ListenerSchema } from '#xds/gen/envoy/config/listener/v3/listener_pb.js'
import { HttpInspectorSchema } from '#xds/gen/envoy/extensions/filters/listener/http_inspector/v3/http_inspector_pb.js'
import { TlsInspectorSchema } from '#xds/gen/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js'
import type { AccessLogs } from './access-log.ts'
import { BLACK_HOLE_CLUSTER, PASSTHROUGH_CLUSTER } from './clusters.ts'
import { addressOf, duration, pack, typedConfig } from './messages.ts'
import { httpConnectionManager, mongoProxy, tcpProxy } from './network-filters.ts'
import { matchesAll, type OutboundChain } from './outbound-chains.ts'
import type { OutboundListener } from './outbound-listeners.ts'
import { type ProxyNode, wildcardsOf } from './proxy-node.ts'
import { type Piece, type Recipe, whole } from './recipe.ts'

/** Where intercepted connections arrive (spec 3.11). */
const VIRTUAL_OUTBOUND_PORT = 15001

const CHAIN_TIMEOUT_MS = 15_000
const PLAIN_HTTP = ['http/1.1', 'h2c']

/** What the listeners of one translation share. */
export interface ListenerContext {
  readonly config: MeshConfig
  readonly accessLogs: AccessLogs
  /** For connections that reach a listener and match none of its chains. */
  readonly fallthrough: FilterChain
}

export function listenerContext(config: MeshConfig, accessLogs: AccessLogs): ListenerContext {
  const fallthrough = create(FilterChainSchema, {
    name: 'PassthroughFilterChain',
    filterChainMatch: {},
    filters: [tcpProxy(unknownDestinationCluster(config), accessLogs.always)],
  })
  return { config, accessLogs, fallthrough }
}

/** One outbound listener (spec 3.4): found by original destination, it binds to no port itself. */
export function outboundListener(listener: OutboundListener, context: ListenerContext): Recipe<Listener> {
  const { name, chains } = listener
  const matching = chains.filter((chain) => !matchesAll(chain))
  const catchAll = chains.find(matchesAll)
  // A chain that matches everything is the default one, unless it is alone; without one, the policy decides.
  const alone = matching.length === 0 && catchAll !== undefined
  const listed = alone ? [catchAll] : matching
  return {
    name,
    pieces: [
      headPiece(listener, context),
      ...listed.map((chain) => chainPiece('filterChains', name, chain, context)),
      ...(catchAll === undefined ? [fallthroughPiece(context)] : []),
      ...(catchAll === undefined || alone ? [] : [chainPiece('defaultFilterChain', name, catchAll, context)]),
    ],
  }
}

function headPiece({ name, binds, port, chains }: OutboundListener, { config }: ListenerContext): Piece<Listener> {
  const sniffsHttp = chains.some((chain) => chain.plainHttp)
  const readsSni = chains.some((chain) => chain.serverName !== undefined)
  const make = () =>
    create(ListenerSchema, {
      name,
      ...addresses(binds, port),
      listenerFilters: inspectors(readsSni, sniffsHttp),
      listenerFiltersTimeout: duration(sniffsHttp ? config.protocolDetectionTimeoutMs : 0),
      continueOnListenerFiltersTimeout: true,
      trafficDirection: TrafficDirection.OUTBOUND,
      bindToPort: false,
    })
  // Every listener has a chain: nobody would ask for it otherwise.
  const of = chains[0]?.port ?? config
  return { of, role: 'listener', inputs: [config, name, readsSni, sniffsHttp, ...binds], make }
}

function chainPiece(
  field: 'filterChains' | 'defaultFilterChain',
  listener: string,
  chain: OutboundChain,
  context: ListenerContext,
): Piece<Listener> {
  const { cidr, serverName, plainHttp, target } = chain
  const leadsTo = target.kind === 'http' ? [target.routeConfig] : [target.cluster, target.mongo]
  const make = () => {
    const made = filterChain(listener, chain, context)
    return create(ListenerSchema, field === 'filterChains' ? { filterChains: [made] } : { defaultFilterChain: made })
  }
  return {
    of: chain.port,
    role: field,
    inputs: [context.config, listener, cidr, serverName, plainHttp, target.kind, ...leadsTo],
    make,
  }
}

function fallthroughPiece({ config, fallthrough }: ListenerContext): Piece<Listener> {
  return {
    of: config,
    role: 'fallthrough',
    inputs: [],
    make: () => create(ListenerSchema, { defaultFilterChain: fallthrough }),
  }
}

/** The listener that intercepted connections arrive at; what no other listener takes follows the policy (spec 3.10). */
export function virtualOutbound(context: ListenerContext, node: ProxyNode): Recipe<Listener> {
  const wildcards = wildcardsOf(node)
  const make = () => virtualOutboundMessage(context, wildcards)
  return whole('virtualOutbound', context.config, 'virtual outbound', wildcards, make)
}

function virtualOutboundMessage(
  { config, accessLogs }: ListenerContext,
  wildcards: readonly [string, ...string[]],
): Listener {
  const loopGuard = create(FilterChainSchema, {
    name: 'virtualOutbound-blackhole',
    filterChainMatch: { destinationPort: VIRTUAL_OUTBOUND_PORT },
    filters: [tcpProxy(BLACK_HOLE_CLUSTER, [])],
  })
  const catchAll = create(FilterChainSchema, {
    name: 'virtualOutbound-catchall-tcp',
    filters: [tcpProxy(unknownDestinationCluster(config), accessLogs.always)],
  })
  return create(ListenerSchema, {
    name: 'virtualOutbound',
    ...addresses(wildcards, VIRTUAL_OUTBOUND_PORT),
    filterChains: [loopGuard, catchAll],
    useOriginalDst: true,
    trafficDirection: TrafficDirection.OUTBOUND,
    accessLog: [...accessLogs.unmatched],
    maxConnectionsToAcceptPerSocketEvent: 1,
  })
}

function unknownDestinationCluster(config: MeshConfig): string {
  return config.outboundTrafficPolicy.mode === 'ALLOW_ANY' ? PASSTHROUGH_CLUSTER : BLACK_HOLE_CLUSTER
}

function addresses([first, ...further]: readonly [string, ...string[]], port: number) {
  return {
    address: addressOf(first, port),
    additionalAddresses: further.map((address) => ({ address: addressOf(address, port) })),
  }
}

function filterChain(listener: string, chain: OutboundChain, { accessLogs }: ListenerContext): FilterChain {
  const { target } = chain
  const filters =
    target.kind === 'http'
      ? [httpConnectionManager(listener, target.routeConfig, accessLogs)]
      : [...(target.mongo ? [mongoProxy(target.cluster)] : []), tcpProxy(target.cluster, accessLogs.always)]
  return create(FilterChainSchema, {
    ...(matchesAll(chain) ? {} : { filterChainMatch: matchOf(chain) }),
    filters,
    transportSocketConnectTimeout: duration(CHAIN_TIMEOUT_MS),
  })
}

function matchOf(chain: OutboundChain): FilterChainMatch {
  const { cidr, serverName, plainHttp } = chain
  return create(FilterChainMatchSchema, {
    prefixRanges: cidr === undefined ? [] : [{ addressPrefix: cidr.address, prefixLen: cidr.prefixLength }],
    serverNames: serverName === undefined ? [] : [serverName],
    ...(plainHttp ? { transportProtocol: 'raw_buffer', applicationProtocols: PLAIN_HTTP } : {}),
  })
}

function inspectors(tls: boolean, http: boolean): ListenerFilter[] {
  const filters: ListenerFilter[] = []
  if (tls)
    filters.push(
      create(ListenerFilterSchema, {
        name: 'envoy.filters.listener.tls_inspector',
        configType: typedConfig(pack(TlsInspectorSchema, { initialReadBufferSize: 512 })),
      }),
    )
  if (http)
    filters.push(
      create(ListenerFilterSchema, {
        name: 'envoy.filters.listener.http_inspector',
        configType: typedConfig(pack(HttpInspectorSchema, {})),
      }),
    )
  return filters
}
