import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import { Report } from '#api/schema/report.ts'
import { formatPath } from '#kube/field-path.ts'
import { parseManifests } from '#kube/manifest.ts'
import { LEGACY_KINDS } from './legacy-kinds.ts'
import { readLegacyRules } from './legacy-rules.ts'
import { convertRules } from './rule-conversion.ts'

interface Case {
  readonly rule: string
  readonly kind: string
  readonly spec: unknown
  /** Parts of all faults there are, in order. */
  readonly faults: readonly string[]
}

function faultsOf(kind: string, spec: unknown): readonly string[] {
  const definition = LEGACY_KINDS.find((one) => one.kind === kind)
  assert.ok(definition, kind)
  const report = new Report()
  definition.check({ apiVersion: 'config.istio.io/v1alpha2', kind, metadata: { name: 'r' }, spec }, report)
  return report.findings.map(({ path, text }) => `${formatPath(path)}: ${text}`)
}

const CASES = parse(readFileSync(new URL('testdata/legacy-rules.yaml', import.meta.url), 'utf8')) as readonly Case[]

for (const { rule, kind, spec, faults } of CASES) {
  test(`${kind}: ${rule}`, () => {
    const actual = faultsOf(kind, spec)
    assert.equal(actual.length, faults.length, actual.join('\n'))
    for (const [index, part] of faults.entries())
      assert.ok(actual[index]?.includes(part), `${actual[index]} should say: ${part}`)
  })
}

test('legacy kinds are found by their plurals alone', () => {
  assert.deepEqual(
    LEGACY_KINDS.map(({ group, plural, shortNames, versions }) => [group, plural, shortNames.join(), versions[0]]),
    [
      ['config.istio.io', 'destinationpolicies', '', 'v1alpha2'],
      ['config.istio.io', 'egressrules', '', 'v1alpha2'],
      ['config.istio.io', 'routerules', '', 'v1alpha2'],
    ],
  )
})

test('no data makes a rule or the conversion throw', () => {
  const service = fc.dictionary(fc.constantFrom('name', 'service', 'labels'), fc.oneof(fc.string(), fc.jsonValue()))
  const fields = fc.constantFrom('destination', 'match', 'route', 'mirror', 'httpFault', 'redirect', 'circuitBreaker')
  const value = fc.oneof(service, fc.array(fc.record({ destination: service, weight: fc.integer() })), fc.jsonValue())
  const spec = fc.oneof(fc.dictionary(fields, value), fc.jsonValue())
  fc.assert(
    fc.property(fc.constantFrom('RouteRule', 'DestinationPolicy'), spec, (kind, given) => {
      const text = JSON.stringify({
        apiVersion: 'config.istio.io/v1alpha2',
        kind,
        metadata: { name: 'r' },
        spec: given,
      })
      const { routeRules, destinationPolicies, messages } = readLegacyRules(parseManifests('f', text).manifests)
      const isValid = routeRules.length + destinationPolicies.length === 1
      assert.equal(
        isValid,
        !faultsOf(kind, given).some((fault) => fault !== ''),
        messages.map(({ text }) => text).join(),
      )
      convertRules(routeRules, destinationPolicies)
    }),
    { numRuns: 500 },
  )
})
