import { durationMs } from '#api/duration.ts'
import {
  boolean,
  type Decode,
  described,
  double,
  int32,
  list,
  mapOf,
  message,
  oneOf,
  optional,
  required,
  string,
  uint32,
  writtenAs,
} from '#api/schema/decode.ts'
import { decodeClientTls } from './client-tls.ts'
import { decodeConnectionPool } from './connection-pool.ts'
import { decodePortSelector } from './destination.ts'
import type {
  DestinationRuleSpec,
  OutlierDetection,
  PortLevelSettings,
  PortPolicy,
  RetryBudget,
  Subset,
  TrafficPolicy,
  Tunnel,
} from './destination-rule.ts'
import { decodeLoadBalancer } from './load-balancer-schema.ts'

/** Fields and defaults of a DestinationRule's spec (spec 1.4). */

const decodeOutlierDetection = message<OutlierDetection>({
  consecutiveErrors: described('Deprecated: use consecutiveGatewayErrors or consecutive5xxErrors.', int32),
  splitExternalLocalOriginErrors: described(
    'Whether errors of the connection count apart from those that the service answers.',
    boolean,
  ),
  consecutiveLocalOriginFailures: described(
    'Failed connections in a row after which an endpoint is left out; 5 when absent.',
    optional(uint32),
  ),
  consecutiveGatewayErrors: described(
    'Gateway errors (502, 503, 504) in a row after which an endpoint is left out; off when absent.',
    optional(uint32),
  ),
  consecutive5xxErrors: described(
    'Errors in a row after which an endpoint is left out; 5 when absent, 0 turns it off.',
    optional(uint32),
  ),
  intervalMs: writtenAs('interval', described('Time between two looks at the endpoints; 10s when absent.', durationMs)),
  baseEjectionTimeMs: writtenAs(
    'baseEjectionTime',
    described(
      'Least time that an endpoint is left out, times the number of times it was; 30s when absent.',
      durationMs,
    ),
  ),
  maxEjectionPercent: described('Most endpoints left out at once, in percent; 10 when 0.', int32),
  minHealthPercent: described('Share of healthy endpoints, in percent, below which all are used; 0 is never.', int32),
  outlierDetectionHttpErrorCodes: described('HTTP status codes that count as errors.', list(uint32)),
})

const PORT_POLICY_FIELDS: { readonly [K in keyof PortPolicy]: Decode<PortPolicy[K]> } = {
  loadBalancer: described('How an endpoint is chosen.', optional(decodeLoadBalancer)),
  connectionPool: described('Limits on connections and requests.', optional(decodeConnectionPool)),
  outlierDetection: described('When failing endpoints are left out for a while.', optional(decodeOutlierDetection)),
  tls: described('TLS from the client to the service.', optional(decodeClientTls)),
}

const decodePortLevelSettings = message<PortLevelSettings>({
  port: described('Port of the service that these settings are for.', optional(decodePortSelector)),
  ...PORT_POLICY_FIELDS,
})

const decodeTunnel = message<Tunnel>({
  protocol: described('How the tunnel is opened: CONNECT, the default, or POST.', string()),
  targetHost: described('Host at the far end of the tunnel.', required(string())),
  targetPort: described('Port at the far end of the tunnel.', required(uint32)),
})

const decodeRetryBudget = message<RetryBudget>({
  percent: described('Most retries, in percent of the active requests; 20 when absent.', optional(double)),
  minRetryConcurrency: described('Retries that are always allowed; 3 when 0.', uint32),
  budgetIntervalMs: writtenAs('budgetInterval', described('Time over which requests are counted.', durationMs)),
})

const decodeTrafficPolicy = message<TrafficPolicy>({
  ...PORT_POLICY_FIELDS,
  portLevelSettings: described(
    'Settings of single ports, in place of those of the service.',
    list(decodePortLevelSettings, { maxItems: 4096, nullText: 'port level settings may not be null' }),
  ),
  tunnel: described('Connections go through a proxy of HTTP.', optional(decodeTunnel)),
  proxyProtocol: described(
    'Connections begin with a header that tells the address of the caller.',
    optional(message({ version: described('Version of the PROXY protocol.', oneOf(['V1', 'V2'])) })),
  ),
  retryBudget: described('How many retries there may be beside the requests.', optional(decodeRetryBudget)),
})

const decodeSubset = message<Subset>({
  name: described('Name by which routes refer to the subset.', required(string())),
  labels: described('Labels of the endpoints in it; all endpoints when absent.', mapOf(string())),
  trafficPolicy: described('Settings for the subset, over those of the service.', optional(decodeTrafficPolicy)),
})

export const decodeDestinationRuleSpec = message<DestinationRuleSpec>({
  host: described(
    'Service that the rule is for; a short name belongs to the namespace of this object.',
    required(string()),
  ),
  trafficPolicy: described('Settings for all connections to the service.', optional(decodeTrafficPolicy)),
  subsets: described('Named parts of the service.', list(decodeSubset, { nullText: 'subset may not be null' })),
  exportTo: described('Namespaces that see this rule: . is its own, * all.', list(string())),
  workloadSelector: described(
    'Clients that the rule is for; all when absent.',
    optional(message({ matchLabels: described('Labels of the clients.', mapOf(string(), 4096)) })),
  ),
})
