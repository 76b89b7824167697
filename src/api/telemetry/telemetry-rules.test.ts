import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import { Report } from '#api/schema/report.ts'
import { formatPath } from '#kube/field-path.ts'
import { TELEMETRY_KINDS } from './telemetry-kinds.ts'

interface Case {
  readonly rule: string
  readonly spec: unknown
  /** Parts of all messages there are, in order. */
  readonly messages: readonly string[]
}

const TELEMETRY = TELEMETRY_KINDS[0]!

function messagesOf(spec: unknown): readonly string[] {
  const report = new Report()
  TELEMETRY.check({ apiVersion: 'telemetry.istio.io/v1', kind: 'Telemetry', metadata: { name: 'a' }, spec }, report)
  return report.findings.map(({ level, path, text }) => `${level} ${formatPath(path)}: ${text}`)
}

const CASES = parse(readFileSync(new URL('testdata/telemetry-rules.yaml', import.meta.url), 'utf8')) as readonly Case[]

for (const { rule, spec, messages } of CASES) {
  test(`rule: ${rule}`, () => {
    const actual = messagesOf(spec)
    assert.equal(actual.length, messages.length, actual.join('\n'))
    for (const [index, part] of messages.entries())
      assert.ok(actual[index]?.includes(part), `${actual[index]} should say: ${part}`)
  })
}

test('telemetry has the names, versions and columns of Istio', () => {
  assert.deepEqual(
    TELEMETRY_KINDS.map(({ plural, shortNames, versions, categories, columns }) =>
      [plural, ...shortNames, ...versions, ...categories, ...columns.map(({ name }) => name)].join(' '),
    ),
    ['telemetries telemetry v1 v1alpha1 istio-io telemetry-istio-io Age'],
  )
})

test('no data makes a rule throw', () => {
  const names = fc.constantFrom('providers', 'match', 'filter', 'overrides', 'customTags', 'randomSamplingPercentage')
  const part = fc.array(fc.dictionary(names, fc.jsonValue({ maxDepth: 3 })), { maxLength: 2 })
  const spec = fc.dictionary(
    fc.constantFrom('selector', 'targetRefs', 'accessLogging', 'metrics', 'tracing'),
    fc.oneof(part, fc.jsonValue()),
  )
  fc.assert(
    fc.property(fc.oneof(spec, fc.jsonValue()), (given) => {
      for (const message of messagesOf(given)) assert.match(message, /^(?:error|warning) /)
    }),
    { numRuns: 500 },
  )
})
