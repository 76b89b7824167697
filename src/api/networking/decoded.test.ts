import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Decode } from '#api/schema/decode.ts'
import { Report } from '#api/schema/report.ts'
import { decodeDestinationRuleSpec } from './destination-rule-schema.ts'
import { decodeSidecarSpec } from './sidecar-schema.ts'
import { actionOf, type HttpRoute, isGatewayOnly } from './virtual-service.ts'
import { checkVirtualService } from './virtual-service-rules.ts'
import { decodeVirtualServiceSpec } from './virtual-service-schema.ts'

function decode<T>(decodeSpec: Decode<T>, value: unknown): T {
  const report = new Report()
  const spec = decodeSpec(value, ['spec'], report)
  assert.deepEqual(report.findings, [])
  return spec
}

function httpRoute(value: unknown): HttpRoute {
  return decode(decodeVirtualServiceSpec, { hosts: ['a.com'], http: [value] }).http[0]!
}

test('texts are matched in one of four ways', () => {
  const match = httpRoute({
    match: [
      { uri: { exact: '' }, method: { prefix: 'P' }, headers: { a: { regex: '.' }, b: {} }, ignore_uri_case: true },
    ],
  }).match[0]!
  assert.deepEqual(match.uri, { kind: 'exact', value: '' })
  assert.deepEqual(match.method, { kind: 'prefix', value: 'P' })
  assert.deepEqual(match.headers, { a: { kind: 'regex', value: '.' }, b: { kind: 'any' } })
  assert.equal(match.scheme, undefined)
  assert.equal(match.port, undefined)
  assert.equal(match.ignoreUriCase, true)
})

test('durations are milliseconds, and absence is told from zero', () => {
  const route = httpRoute({
    timeout: '1.5s',
    retries: { attempts: 0, perTryTimeout: null, retry_remote_localities: false },
    mirror_percentage: { value: 0 },
  })
  assert.equal(route.timeoutMs, 1500)
  assert.equal(route.retries?.perTryTimeoutMs, undefined)
  assert.equal(route.retries?.retryRemoteLocalities, false)
  assert.equal(route.retries?.retryIgnorePreviousHosts, undefined)
  assert.equal(route.mirrorPercentage, 0)
  assert.equal(route.corsPolicy, undefined)
  assert.equal(httpRoute({}).mirrorPercentage, undefined)
})

test('a route takes one action', () => {
  const destination = { host: 'a', subset: '', port: 80 }
  const route = actionOf(httpRoute({ route: [{ destination: { host: 'a', port: { number: 80 } }, weight: 1 }] }))
  assert.ok(route?.kind === 'route')
  assert.deepEqual(route.destinations[0]?.destination, destination)
  assert.deepEqual(actionOf(httpRoute({ delegate: { name: 'd', namespace: 'n' } })), {
    kind: 'delegate',
    name: 'd',
    namespace: 'n',
  })
  const redirect = actionOf(httpRoute({ redirect: { derivePort: 'FROM_REQUEST_PORT' } }))
  assert.deepEqual(redirect?.kind === 'redirect' && redirect.redirect.port, { kind: 'FROM_REQUEST_PORT' })
  const port = actionOf(httpRoute({ redirect: { port: 8443 } }))
  assert.deepEqual(port?.kind === 'redirect' && port.redirect.port, { kind: 'number', number: 8443 })
  assert.equal(actionOf(httpRoute({})), undefined)
})

test('bodies of direct responses are bytes, however they are written', () => {
  const bodyOf = (body: unknown) => {
    const action = actionOf(httpRoute({ directResponse: { status: 200, body } }))
    return action?.kind === 'direct response' ? action.response.body : undefined
  }
  assert.deepEqual(bodyOf({ string: 'é' }), new Uint8Array([0xc3, 0xa9]))
  assert.deepEqual(bodyOf({ bytes: 'AP8=' }), new Uint8Array([0, 255]))
  assert.equal(bodyOf({}), undefined)
})

test('large bodies are warned of, and larger ones refused', () => {
  const messagesOf = (length: number) => {
    const report = new Report()
    const written = {
      hosts: ['a.com'],
      http: [{ directResponse: { status: 200, body: { string: 'x'.repeat(length) } } }],
    }
    const spec = decodeVirtualServiceSpec(written, ['spec'], report)
    report.beginRules()
    checkVirtualService(
      { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'a' }, spec },
      report,
    )
    return report.findings.map(({ level, text }) => `${level} ${text}`).join()
  }
  assert.equal(messagesOf(100 * 1024), '')
  assert.match(messagesOf(100 * 1024 + 1), /^warning body of 102401 bytes is larger than 100KiB/)
  assert.match(messagesOf(1024 * 1024 + 1), /^error body of 1048577 bytes is too large/)
})

test('faults say whom they hit, and what happens to them', () => {
  const fault = httpRoute({
    fault: { delay: { fixedDelay: '2s', percentage: { value: 0.1 } }, abort: { grpc_status: 'ABORTED' } },
  }).fault
  assert.deepEqual(fault?.delay, { delay: { kind: 'fixed', durationMs: 2000 }, percentage: 0.1, percent: 0 })
  assert.deepEqual(fault?.abort, {
    error: { kind: 'grpc status', status: 'ABORTED' },
    percentage: undefined,
    percent: 0,
  })
})

test('rules are for gateways alone when every gateway is named', () => {
  const gatewaysOf = (gateways: readonly string[]) => isGatewayOnly(decode(decodeVirtualServiceSpec, { gateways }))
  assert.deepEqual([[], ['mesh'], ['a', 'mesh'], ['a']].map(gatewaysOf), [false, false, false, true])
})

test('load balancers are simple or hash, and a hash has a key and an algorithm', () => {
  const policyOf = (loadBalancer: unknown) =>
    decode(decodeDestinationRuleSpec, { host: 'a', trafficPolicy: { loadBalancer } }).trafficPolicy?.loadBalancer
      ?.policy
  assert.deepEqual(policyOf({ simple: 'UNSPECIFIED' }), { kind: 'simple', algorithm: 'UNSPECIFIED' })
  assert.equal(policyOf({ localityLbSetting: {} }), undefined)
  assert.deepEqual(policyOf({ consistentHash: { httpCookie: { name: 'c', ttl: '0s' }, ringHash: {} } }), {
    kind: 'consistent hash',
    hash: {
      key: { kind: 'cookie', cookie: { name: 'c', path: '', ttlMs: 0, attributes: [] } },
      algorithm: { kind: 'ring hash', minimumRingSize: undefined },
      minimumRingSize: 0,
    },
  })
  assert.deepEqual(policyOf({ consistent_hash: { http_header_name: 'x', maglev: { table_size: 7 } } }), {
    kind: 'consistent hash',
    hash: { key: { kind: 'header', name: 'x' }, algorithm: { kind: 'maglev', tableSize: 7 }, minimumRingSize: 0 },
  })
})

test('limits that are left out are not limits of zero', () => {
  const { trafficPolicy } = decode(decodeDestinationRuleSpec, {
    host: 'a',
    trafficPolicy: { connectionPool: { tcp: { idleTimeout: '0s' } }, outlierDetection: { consecutive_5xx_errors: 0 } },
  })
  assert.equal(trafficPolicy?.connectionPool?.tcp?.idleTimeoutMs, 0)
  assert.equal(trafficPolicy?.connectionPool?.tcp?.connectTimeoutMs, undefined)
  assert.equal(trafficPolicy?.connectionPool?.http, undefined)
  assert.equal(trafficPolicy?.outlierDetection?.consecutive5xxErrors, 0)
  assert.equal(trafficPolicy?.outlierDetection?.consecutiveGatewayErrors, undefined)
})

test('an outbound traffic policy without a mode denies what is unknown, and none says nothing', () => {
  const policyOf = (spec: unknown) => decode(decodeSidecarSpec, spec).outboundTrafficPolicy
  assert.deepEqual(policyOf({ outboundTrafficPolicy: {} }), { mode: 'REGISTRY_ONLY', egressProxy: undefined })
  assert.equal(policyOf({ egress: [{ hosts: ['*/*'] }] }), undefined)
})
