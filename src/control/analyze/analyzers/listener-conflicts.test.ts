import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { analyze } from '#control/analyze/analyze.ts'
import { buildMesh } from '#control/mesh/mesh.ts'
import { nameOf } from '#control/mesh/rejection.ts'
import { proxyNodeOf } from '#control/translate/proxy-node.ts'
import { translate } from '#control/translate/translation.ts'
import { parseManifests } from '#kube/manifest.ts'
import { configFromYaml } from '#test/config-from-yaml.ts'

const NODE = proxyNodeOf({ id: 'sidecar~127.0.0.1~test.default~default.svc.cluster.local', cluster: '', metadata: {} })
const CONFLICTS = ['EGR0001', 'EGR0002', 'EGR0003']

/** Entries that a sidecar of namespace default does not get in full, because of another one's listener. */
function rejectedByTranslation(text: string): ReadonlySet<string> {
  const { rejections } = translate(buildMesh(configFromYaml(text)), NODE)
  const conflicts = rejections.filter(
    ({ code, object, because }) =>
      code === 'listener-conflict' && because !== undefined && nameOf(because) !== nameOf(object),
  )
  return new Set(conflicts.map(({ object }) => nameOf(object)))
}

/** Pairs of entries that analysis says are in each other's way. */
function toldByAnalysis(text: string): readonly (readonly [string, string])[] {
  return analyze(parseManifests('f', text).manifests.map(({ value }) => ({ object: value })))
    .filter(({ code }) => CONFLICTS.includes(code))
    .flatMap(({ origin, others }) => others.map((other) => [origin, other] as const))
}

const CASES = join(import.meta.dirname, '../../translate/testdata')

for (const name of readdirSync(CASES)) {
  const input = join(CASES, name, 'in.yaml')
  const text = existsSync(input) ? readFileSync(input, 'utf8') : ''
  // Cases with a node of their own are about what that node gets.
  if (text === '' || /ProxyNode|MeshConfig/.test(text)) continue
  test(`analysis tells of what translation drops from ${name}`, () => {
    const told = new Set(toldByAnalysis(text).map(([origin]) => origin))
    for (const rejected of rejectedByTranslation(text)) assert.ok(told.has(rejected), rejected)
  })
}

const ENTRY = fc.record({
  port: fc.constantFrom(80, 3306),
  protocol: fc.constantFrom('TCP', 'tls', 'HTTPS', 'HTTP', 'grpc', 'MYSQL', 'Mongo', 'REDIS', ''),
  addresses: fc.constantFrom([], ['192.0.2.1'], ['192.0.2.1/32', '192.0.2.2'], ['192.0.2.0/24'], ['192.0.2.9/24']),
  resolution: fc.constantFrom('NONE', 'STATIC'),
})

test('an entry is told of as in conflict exactly when it, or the other one, is dropped', () => {
  fc.assert(
    fc.property(fc.array(ENTRY, { minLength: 2, maxLength: 4 }), (entries) => {
      const text = entries
        .map(({ port, protocol, addresses, resolution }, index) =>
          JSON.stringify({
            apiVersion: 'networking.istio.io/v1',
            kind: 'ServiceEntry',
            metadata: { name: `e${index}`, namespace: 'default', creationTimestamp: `2026-01-0${index + 1}T00:00:00Z` },
            spec: {
              hosts: [`e${index}.example.com`],
              ports: [{ number: port, name: 'p', protocol }],
              addresses,
              resolution,
              ...(resolution === 'STATIC' && { endpoints: [{ address: `198.51.100.${index + 1}` }] }),
            },
          }),
        )
        .join('\n---\n')
      const rejected = rejectedByTranslation(text)
      const told = toldByAnalysis(text)
      const origins = new Set(told.map(([origin]) => origin))
      for (const one of rejected) assert.ok(origins.has(one), `${one} is dropped and not told of`)
      for (const pair of told)
        assert.ok(
          pair.some((one) => rejected.has(one)),
          `${pair.join(' and ')} are both served`,
        )
    }),
    { numRuns: 500 },
  )
})
