import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseManifests } from '#kube/manifest.ts'
import { readYaml } from '#kube/yaml-document.ts'
import { ANALYZERS, analyze } from './analyze.ts'
import { ANALYSIS_CODES } from './codes.ts'
import type { Json } from './json.ts'
import type { AnalysisInput, AnalysisOptions } from './subject.ts'

interface Case {
  readonly name: string
  readonly objects: readonly Json[]
  readonly options?: AnalysisOptions
  /** Every message but IST0106, IST0133 and IST0118: "LEVEL [CODE] (KIND NAMESPACE/NAME) TEXT". */
  readonly expect: readonly string[]
}

const read = readYaml(readFileSync(join(import.meta.dirname, 'testdata/cases.yaml'), 'utf8'))
assert.ok(read.kind === 'documents')
const CASES = read.documents.map(({ value }) => value as Case)

function inputsOf(text: string, file = 'f.yaml'): readonly AnalysisInput[] {
  const { manifests, messages } = parseManifests(file, text)
  assert.deepEqual(messages, [])
  return manifests.map(({ value, locate }) => ({ object: value, file, line: locate([]).line, locate }))
}

/** Cases leave out what every object of Istio's has. */
function versionOf({ kind }: Json): string {
  if (['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication'].includes(String(kind)))
    return 'security.istio.io/v1'
  return 'networking.istio.io/v1'
}

const ASIDE = new Set(['IST0106', 'IST0133', 'IST0118'])

for (const { name, objects, options, expect } of CASES) {
  test(name, () => {
    const messages = analyze(
      objects.map((object) => ({ object: { apiVersion: versionOf(object), ...object } })),
      options,
    )
    const lines = messages
      .filter(({ code }) => !ASIDE.has(code) || expect.some((line) => line.includes(code)))
      .map(({ level, code, origin, message }) => `${level} [${code}] (${origin}) ${message}`)
    assert.deepEqual(lines, expect)
  })
}

test('every code is of some analyzer, and is found by some case or test', () => {
  const told = new Set(ANALYZERS.flatMap(({ codes }) => codes))
  assert.deepEqual([...told].sort(), Object.keys(ANALYSIS_CODES).sort())
  const expected = new Set(CASES.flatMap(({ expect }) => expect.map((line) => /\[(\w+)\]/.exec(line)?.[1])))
  const elsewhere = ['IST0106', 'IST0133', 'EGR0011']
  assert.deepEqual(
    Object.keys(ANALYSIS_CODES).filter((code) => !expected.has(code) && !elsewhere.includes(code)),
    [],
  )
})

const TWICE = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a}
spec:
  hosts: ["*"]
  ports: []
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a}
spec:
  hosts: ["*partial.com"]
`

test('faults of an object by itself are told with the line of their field, warnings apart from errors', () => {
  const messages = analyze(inputsOf(TWICE))
  assert.deepEqual(
    messages.map(({ code, line, message }) => `${code} ${line} ${message}`),
    [
      'EGR0011 8 It is defined twice: f.yaml:1 and f.yaml:8.',
      'IST0106 5 Schema validation error: spec.hosts[0]: invalid host *',
      'IST0133 12 Schema validation warning: spec.hosts[0]: partial wildcard "*partial.com" not allowed',
    ],
  )
})

const ANNOTATED = `apiVersion: v1
kind: Service
metadata:
  name: httpbin
  annotations:
    networking.istio.io/exportTo: bar
    networking.istio.io/exportTwo: bar
`

test('an annotation is told with its line, and a namespace with that of its name', () => {
  const namespace = 'apiVersion: v1\nkind: Namespace\nmetadata:\n  labels: {}\n  name: x\n'
  assert.deepEqual(
    [...analyze(inputsOf(ANNOTATED)), ...analyze(inputsOf(namespace))].map(({ code, line }) => [code, line]),
    [
      ['IST0108', 7],
      ['IST0102', 5],
    ],
  )
})

test('an object may name codes that are not told of it', () => {
  const text = TWICE.replace(
    '{name: a}',
    '{name: a, annotations: {galley.istio.io/analyze-suppress: "IST0106, EGR0011"}}',
  )
  assert.deepEqual(
    analyze(inputsOf(text)).map(({ code }) => code),
    ['EGR0011', 'IST0133'],
  )
})

test('a conflict names the other objects', () => {
  const entry = (name: string) => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name },
    spec: { hosts: [`${name}.com`], ports: [{ number: 3306, name: 'tcp', protocol: 'TCP' }] },
  })
  const messages = analyze([{ object: entry('a') }, { object: entry('b') }])
  const conflicts = messages.filter(({ code }) => code === 'EGR0001')
  assert.deepEqual(
    conflicts.map(({ origin, others }) => [origin, others]),
    [
      ['ServiceEntry default/a', ['ServiceEntry default/b']],
      ['ServiceEntry default/b', ['ServiceEntry default/a']],
    ],
  )
})

test('whatever shape objects have, analysis only reports', () => {
  const kinds = [
    'VirtualService',
    'DestinationRule',
    'Gateway',
    'ServiceEntry',
    'Sidecar',
    'Service',
    'AuthorizationPolicy',
    'EgressRule',
    'Pod',
    'Secret',
  ]
  const shapes: readonly unknown[] = [
    undefined,
    null,
    1,
    'x',
    [],
    [null, 1, 'x', []],
    {},
    { hosts: {}, http: [{ match: [null], route: 'x' }], servers: [null], ports: [null] },
  ]
  for (const kind of kinds) {
    for (const spec of shapes) {
      const object = { apiVersion: 'networking.istio.io/v1', kind, metadata: { name: 'a' }, spec }
      assert.ok(Array.isArray(analyze([{ object }, { object: { ...object, metadata: null } }])))
    }
  }
})
