import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import type { JsonObject, KindDefinition } from '#api/kind.ts'
import { Report } from '#api/schema/report.ts'
import { formatPath } from '#kube/field-path.ts'
import { CORE_KINDS } from './core-kinds.ts'

const CONTAINER = '{name: c, image: i}'

interface Case {
  readonly rule: string
  readonly kind: string
  readonly object: JsonObject
  /** Parts of all faults there are, in order. */
  readonly faults: readonly string[]
}

const TEXT = readFileSync(new URL('testdata/core-rules.yaml', import.meta.url), 'utf8')
const CASES = parse(TEXT.replaceAll('POD', `{containers: [${CONTAINER}]}`).replaceAll('CONTAINER', CONTAINER)) as Case[]

function kindNamed(name: string): KindDefinition {
  const found = CORE_KINDS.find((kind) => kind.kind === name)
  assert.ok(found, name)
  return found
}

function faultsOf(say: (report: Report) => void): readonly string[] {
  const report = new Report()
  say(report)
  return report.findings.map(({ path, text }) => `${formatPath(path)}: ${text}`)
}

for (const { rule, kind, object, faults } of CASES) {
  test(`${kind}: ${rule}`, () => {
    const definition = kindNamed(kind)
    const actual = faultsOf((report) => definition.check(definition.prepare?.(object) ?? object, report))
    assert.equal(actual.length, faults.length, actual.join('\n'))
    for (const [index, part] of faults.entries())
      assert.ok(actual[index]?.includes(part), `${actual[index]} should say: ${part}`)
  })
}

const CHANGES: readonly (readonly [kind: string, before: string, after: string, ...faults: string[]])[] = [
  ['Deployment', '{spec: {selector: {matchLabels: {a: b}}}}', '{spec: {replicas: 2, selector: {matchLabels: {a: b}}}}'],
  [
    'Deployment',
    '{spec: {selector: {matchLabels: {a: b}}}}',
    '{spec: {selector: {matchLabels: {a: c}}}}',
    'spec.selector: Invalid value: {"matchLabels":{"a":"c"}}: field is immutable',
  ],
  ['Service', '{spec: {clusterIP: 10.0.0.1}}', '{spec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}}'],
  [
    'Service',
    '{spec: {clusterIP: 10.0.0.1}}',
    '{spec: {clusterIP: 10.0.0.2}}',
    'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
  ],
  ['Service', '{spec: {clusterIP: 10.0.0.1}}', '{spec: {type: ExternalName, externalName: a.com}}'],
  ['Secret', '{type: Opaque, data: {a: AA==}}', '{type: Opaque, stringData: {a: b}}'],
  [
    'Secret',
    '{type: Opaque}',
    '{type: kubernetes.io/tls}',
    'type: Invalid value: "kubernetes.io/tls": field is immutable',
  ],
  [
    'Secret',
    '{type: Opaque, immutable: true, data: {a: AA==}}',
    '{type: Opaque, immutable: true, stringData: {a: b}}',
    'data: Forbidden: field is immutable when `immutable` is set',
  ],
  [
    'ConfigMap',
    '{immutable: true, data: {a: b}}',
    '{data: {a: c}}',
    'immutable: Forbidden: field is immutable',
    'data: Forbidden: field is immutable',
  ],
  [
    'Pod',
    '{spec: {containers: [{name: c, image: i:1}]}}',
    '{spec: {containers: [{name: c, image: i:2}], tolerations: [{}]}}',
  ],
  [
    'Pod',
    '{spec: {containers: [{name: c, image: i:1}]}}',
    '{spec: {containers: [{name: c, image: i:1, args: [a]}]}}',
    'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`',
  ],
  [
    'Pod',
    '{spec: {containers: [{name: c, image: i:1}]}}',
    '{spec: {containers: []}}',
    'spec.containers: Forbidden: pod updates may not add or remove containers',
  ],
  [
    'EndpointSlice',
    '{addressType: IPv4}',
    '{addressType: IPv6}',
    'addressType: Invalid value: "IPv6": field is immutable',
  ],
]

for (const [kind, before, after, ...faults] of CHANGES) {
  test(`${kind}: from ${before} to ${after}`, () => {
    const definition = kindNamed(kind)
    const prepared = (text: string) => {
      const object = parse(text) as JsonObject
      return definition.prepare?.(object) ?? object
    }
    const actual = faultsOf((report) => definition.checkUpdate?.(prepared(before), prepared(after), report))
    assert.equal(actual.length, faults.length, actual.join('\n'))
    for (const [index, part] of faults.entries())
      assert.ok(actual[index]?.includes(part), `${actual[index]} should say: ${part}`)
  })
}
