import { istioKind } from '#api/istio-kind.ts'
import { checkSelector } from '#api/rules/label-map.ts'
import {
  anything,
  described,
  int32,
  list,
  mapOf,
  message,
  oneOf,
  optional,
  string,
  uint32,
} from '#api/schema/decode.ts'
import type { Report } from '#api/schema/report.ts'
import type { KubeObject } from '#kube/object.ts'

/** What is patched; the first says that nothing was written. */
const APPLY_TO = [
  'INVALID',
  'LISTENER',
  'FILTER_CHAIN',
  'NETWORK_FILTER',
  'HTTP_FILTER',
  'ROUTE_CONFIGURATION',
  'VIRTUAL_HOST',
  'HTTP_ROUTE',
  'CLUSTER',
  'EXTENSION_CONFIG',
  'BOOTSTRAP',
  'LISTENER_FILTER',
] as const

const OPERATIONS = [
  'INVALID',
  'MERGE',
  'ADD',
  'REMOVE',
  'INSERT_BEFORE',
  'INSERT_AFTER',
  'INSERT_FIRST',
  'REPLACE',
] as const

/** spec of an EnvoyFilter after decoding: kept and shown, and applied by Envoy only (spec 1.0). */
export interface EnvoyFilterSpec {
  readonly workloadSelector: { readonly labels: Readonly<Record<string, string>> } | undefined
  readonly targetRefs: readonly unknown[]
  readonly configPatches: readonly ConfigPatch[]
  /** Lower ones come first. */
  readonly priority: number
}

export interface ConfigPatch {
  readonly applyTo: (typeof APPLY_TO)[number]
  /** Which listeners, routes or clusters of which proxies; undefined: all. */
  readonly match: unknown
  readonly patch:
    | { readonly operation: (typeof OPERATIONS)[number]; readonly value: unknown; readonly filterClass: string }
    | undefined
}

const decodeListenerMatch = message({
  portNumber: described('Port of the listener.', uint32),
  portName: described('Not used.', string()),
  filterChain: described(
    'Filter chain of the listener.',
    optional(
      message({
        name: described('Name of the filter chain.', string()),
        sni: described('Server name that the chain is for.', string()),
        transportProtocol: described('Transport that the chain is for: raw_buffer or tls.', string()),
        applicationProtocols: described('Application protocols that the chain is for.', string()),
        filter: described(
          'Filter of the chain.',
          optional(
            message({
              name: described('Name of the filter.', string()),
              subFilter: described(
                'Filter inside of it.',
                optional(message({ name: described('Name of the inner filter.', string()) })),
              ),
            }),
          ),
        ),
        destinationPort: described('Port that the chain is for.', uint32),
      }),
    ),
  ),
  listenerFilter: described('Filter of the listener itself.', string()),
  name: described('Name of the listener.', string()),
})

const decodeRouteMatch = message({
  portNumber: described('Port of the routes.', uint32),
  portName: described('Name of the port, for gateways.', string()),
  gateway: described('Gateway of the routes, NAMESPACE/NAME.', string()),
  vhost: described(
    'Virtual host of the routes.',
    optional(
      message({
        name: described('Name of the virtual host.', string()),
        domainName: described('Domain of the virtual host.', string()),
        route: described(
          'Route of the virtual host.',
          optional(
            message({
              name: described('Name of the route.', string()),
              action: described('What the route does.', oneOf(['ANY', 'ROUTE', 'REDIRECT', 'DIRECT_RESPONSE'])),
            }),
          ),
        ),
      }),
    ),
  ),
  name: described('Name of the route configuration.', string()),
})

const decodeClusterMatch = message({
  portNumber: described('Port of the service.', uint32),
  service: described('Full name of the service.', string()),
  subset: described('Subset of the service.', string()),
  name: described('Name of the cluster.', string()),
})

const decodeMatch = message({
  context: described(
    'Which proxies, and which side of them.',
    oneOf(['ANY', 'SIDECAR_INBOUND', 'SIDECAR_OUTBOUND', 'GATEWAY', 'WAYPOINT']),
  ),
  proxy: described(
    'Which proxies.',
    optional(
      message({
        proxyVersion: described('Expression that the version of the proxy matches.', string()),
        metadata: described('Metadata that the proxy has.', mapOf(string())),
      }),
    ),
  ),
  listener: described('Which listeners.', optional(decodeListenerMatch)),
  routeConfiguration: described('Which routes.', optional(decodeRouteMatch)),
  cluster: described('Which clusters.', optional(decodeClusterMatch)),
  waypoint: described('Which parts of a waypoint.', anything),
})

const decodeEnvoyFilterSpec = message<EnvoyFilterSpec>({
  workloadSelector: described(
    'Workloads that this is for; all of the namespace when absent.',
    optional(message({ labels: described('Labels of the workloads.', mapOf(string(), 256)) })),
  ),
  targetRefs: described('Resources that this is for.', list(anything, { maxItems: 16 })),
  configPatches: described(
    'Changes to the configuration of Envoy.',
    list(
      message<ConfigPatch>({
        applyTo: described('What is changed.', oneOf(APPLY_TO)),
        match: described('Where it is changed.', optional<unknown>(decodeMatch)),
        patch: described(
          'The change.',
          optional(
            message({
              operation: described('How it is changed.', oneOf(OPERATIONS)),
              value: described('Configuration of Envoy, as JSON.', anything),
              filterClass: described(
                'Where a filter goes that is put in.',
                oneOf(['UNSPECIFIED', 'AUTHN', 'AUTHZ', 'STATS']),
              ),
            }),
          ),
        ),
      }),
    ),
  ),
  priority: described('Order in which filters are applied: lower ones first.', int32),
})

/** That the parts of a patch are there; whether Envoy takes it, Envoy says. */
function checkEnvoyFilter({ spec }: KubeObject<EnvoyFilterSpec>, report: Report): void {
  if (spec.workloadSelector !== undefined) {
    checkSelector(spec.workloadSelector.labels, 'envoy filter', ['spec', 'workloadSelector', 'labels'], report)
  }
  if (spec.workloadSelector !== undefined && spec.targetRefs.length > 0) {
    report.fault(['spec', 'targetRefs'], 'only one of targetRefs or workloadSelector can be set')
  }
  for (const [index, { applyTo, patch }] of spec.configPatches.entries()) {
    const at = ['spec', 'configPatches', index]
    if (applyTo === 'INVALID') report.fault([...at, 'applyTo'], 'Envoy filter: missing applyTo')
    if (patch === undefined) report.fault([...at, 'patch'], 'Envoy filter: missing patch')
    else if (patch.operation === 'INVALID') {
      report.fault([...at, 'patch', 'operation'], 'Envoy filter: missing patch operation')
    } else if (patch.operation !== 'REMOVE' && (patch.value === undefined || patch.value === null)) {
      report.fault([...at, 'patch', 'value'], 'Envoy filter: missing patch value for non-remove operation')
    }
  }
}

export const ENVOY_FILTER = istioKind({
  group: 'networking.istio.io',
  kind: 'EnvoyFilter',
  plural: 'envoyfilters',
  versions: ['v1alpha3'],
  description: 'Changes to the configuration that Envoy is sent.',
  writeWarning: 'EnvoyFilter is stored and not applied: no proxy of the mesh gets its patches',
  decodeSpec: decodeEnvoyFilterSpec,
  checkRules: checkEnvoyFilter,
})
