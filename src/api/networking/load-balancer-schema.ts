import { duration, durationMs } from '#api/duration.ts'
import {
  anything,
  boolean,
  type Decode,
  described,
  double,
  list,
  mapOf,
  message,
  oneOf,
  oneofCase,
  optional,
  required,
  shaped,
  string,
  uint32,
  uint64,
  writtenAs,
} from '#api/schema/decode.ts'
import type {
  ConsistentHash,
  HashAlgorithm,
  HashCookie,
  HashKey,
  LoadBalancer,
  LoadBalancerPolicy,
  LocalityLoadBalancer,
  Warmup,
} from './load-balancer.ts'

/** Fields of the choice of endpoints (spec 1.4). */

const decodeHashCookie = message<HashCookie>({
  name: described('Name of the cookie.', required(string())),
  path: described('Path for which the cookie is set.', string()),
  ttlMs: writtenAs(
    'ttl',
    described(
      'Life of the cookie that is made where a request has none.',
      duration(undefined, { minMs: 1, zeroAllowed: true }),
    ),
  ),
  attributes: described(
    'Further attributes of the cookie.',
    list(
      message({
        name: described('Name of the attribute.', required(string())),
        value: described('Value of the attribute.', string()),
      }),
    ),
  ),
})

interface WrittenHash {
  readonly httpHeaderName: string | undefined
  readonly httpCookie: HashCookie | undefined
  readonly useSourceIp: boolean | undefined
  readonly httpQueryParameterName: string | undefined
  readonly ringHash: { readonly minimumRingSize: number | undefined } | undefined
  readonly maglev: { readonly tableSize: number | undefined } | undefined
  readonly minimumRingSize: number
}

const decodeWrittenHash = message<WrittenHash>({
  httpHeaderName: described('Header whose value is hashed.', optional(string())),
  httpCookie: described('Cookie whose value is hashed.', optional(decodeHashCookie)),
  useSourceIp: described('Whether the address of the caller is hashed.', optional(boolean)),
  httpQueryParameterName: described('Query parameter whose value is hashed.', optional(string())),
  ringHash: described(
    'Endpoints lie on a ring.',
    optional(message({ minimumRingSize: described('Least points on the ring; 1024 when absent.', optional(uint64)) })),
  ),
  maglev: described(
    'Endpoints lie in a table.',
    optional(message({ tableSize: described('Size of the table, a prime; 65537 when absent.', optional(uint64)) })),
  ),
  minimumRingSize: described('Deprecated: use ringHash.', uint64),
})

const decodeConsistentHash: Decode<ConsistentHash> = shaped(decodeWrittenHash, (written, path, report) => {
  const KEYS = ['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'] as const
  const key = oneofCase(written, 'hash_key', KEYS, path, report)
  const algorithm = oneofCase(written, 'hash_algorithm', ['ringHash', 'maglev'], path, report)
  return {
    key: key && hashKeyOf(written, key),
    algorithm: algorithm && hashAlgorithmOf(written, algorithm),
    minimumRingSize: written.minimumRingSize,
  }
})

function hashKeyOf(
  written: WrittenHash,
  key: 'httpHeaderName' | 'httpCookie' | 'useSourceIp' | 'httpQueryParameterName',
): HashKey {
  switch (key) {
    case 'httpHeaderName':
      return { kind: 'header', name: written.httpHeaderName! }
    case 'httpCookie':
      return { kind: 'cookie', cookie: written.httpCookie! }
    case 'useSourceIp':
      return { kind: 'source address', isUsed: written.useSourceIp! }
    case 'httpQueryParameterName':
      return { kind: 'query parameter', name: written.httpQueryParameterName! }
  }
}

function hashAlgorithmOf(written: WrittenHash, algorithm: 'ringHash' | 'maglev'): HashAlgorithm {
  return algorithm === 'ringHash'
    ? { kind: 'ring hash', minimumRingSize: written.ringHash!.minimumRingSize }
    : { kind: 'maglev', tableSize: written.maglev!.tableSize }
}

export const decodeLocalityLoadBalancer = message<LocalityLoadBalancer>({
  distribute: described(
    'Which part of the traffic from some localities goes to which.',
    list(
      message({
        from: described('Locality of callers: region/zone/subzone, * at the end for all.', string()),
        to: described('Localities and their share of the traffic in percent, 100 together.', mapOf(uint32)),
      }),
    ),
  ),
  failover: described(
    'Where traffic goes when a region has no healthy endpoints.',
    list(
      message({
        from: described('Region that failed.', string()),
        to: described('Region that stands in.', string()),
      }),
    ),
  ),
  failoverPriority: described('Labels by which near endpoints come before far ones.', list(string())),
  enabled: described('Whether locality counts at all; true when absent.', optional(boolean)),
})

const decodeWarmup = message<Warmup>({
  durationMs: writtenAs('duration', described('How long a new endpoint gets less.', required(durationMs))),
  minimumPercent: described('Least share of a new endpoint in percent; 10 when absent.', optional(double)),
  aggression: described('How steep its share rises; 1, the default, is a straight line.', optional(double)),
})

interface WrittenLoadBalancer {
  readonly simple: (LoadBalancerPolicy & { readonly kind: 'simple' })['algorithm'] | undefined
  readonly consistentHash: ConsistentHash | undefined
  readonly localityLbSetting: LocalityLoadBalancer | undefined
  readonly zoneAwareLbSetting: unknown
  readonly warmupDurationMs: number | undefined
  readonly warmup: Warmup | undefined
}

const decodeWrittenLoadBalancer = message<WrittenLoadBalancer>({
  simple: described(
    'A choice without memory.',
    optional(oneOf(['UNSPECIFIED', 'LEAST_CONN', 'RANDOM', 'PASSTHROUGH', 'ROUND_ROBIN', 'LEAST_REQUEST'])),
  ),
  consistentHash: described(
    'Requests that have something in common go to one endpoint.',
    optional(decodeConsistentHash),
  ),
  localityLbSetting: described('How far the traffic may go.', optional(decodeLocalityLoadBalancer)),
  zoneAwareLbSetting: described('Keeps traffic in its zone; not with localityLbSetting.', anything),
  warmupDurationMs: writtenAs('warmupDurationSecs', described('Deprecated: use warmup.', durationMs)),
  warmup: described('New endpoints get their share little by little.', optional(decodeWarmup)),
})

export const decodeLoadBalancer: Decode<LoadBalancer> = shaped(
  decodeWrittenLoadBalancer,
  ({ simple, consistentHash, localityLbSetting, ...others }, path, report) => {
    const kind = oneofCase({ simple, consistentHash }, 'lb_policy', ['simple', 'consistentHash'], path, report)
    const policy: LoadBalancerPolicy | undefined =
      kind === undefined
        ? undefined
        : kind === 'simple'
          ? { kind, algorithm: simple! }
          : { kind: 'consistent hash', hash: consistentHash! }
    return { policy, locality: localityLbSetting, ...others }
  },
)
