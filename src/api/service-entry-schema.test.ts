import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseManifests } from '#kube/manifest.ts'
import { checkManifestFile } from './document.ts'
import { Report } from './schema/report.ts'
import type { ServiceEntrySpec } from './service-entry.ts'
import { decodeServiceEntrySpec } from './service-entry-schema.ts'

function check(spec: string, head = 'apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: a}\n') {
  const { documents, messages } = checkManifestFile(parseManifests('f', `${head}spec: ${spec}\n`))
  const object = documents[0]?.kind === 'ServiceEntry' ? documents[0].object : undefined
  return { object, lines: messages.map(({ level, path, text }) => `${level} ${path}: ${text}`) }
}

test('fields that are left out have their defaults', () => {
  const { object } = check(
    '{hosts: [a.com], ports: [{number: 80, name: x, protocol: HTTP}], endpoints: null, resolution: null}',
  )
  assert.deepEqual(object, {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: 'a', labels: {}, annotations: {} },
    spec: {
      hosts: ['a.com'],
      addresses: [],
      ports: [{ number: 80, protocol: 'HTTP', name: 'x', targetPort: 0 }],
      location: 'MESH_EXTERNAL',
      resolution: 'NONE',
      endpoints: [],
      workloadSelector: undefined,
      exportTo: [],
      subjectAltNames: [],
    },
  })
})

test('fields are read in camelCase and in snake_case, and the path is told in camelCase', () => {
  const { object } = check(
    '{hosts: [a.com], ports: [{number: 80, name: x, protocol: HTTP, target_port: 81}], subject_alt_names: [s], export_to: ["."], resolution: STATIC, endpoints: [{address: 1.1.1.1, service_account: sa}]}',
  )
  assert.equal(object?.spec.ports[0]?.targetPort, 81)
  assert.deepEqual(object?.spec.subjectAltNames, ['s'])
  assert.deepEqual(object?.spec.exportTo, ['.'])
  assert.equal(object?.spec.endpoints[0]?.serviceAccount, 'sa')
  const bad = check('{hosts: [a.com], ports: [{number: 80, name: x, protocol: HTTP, target_port: 99999}]}')
  assert.match(bad.lines.join(), /error spec\.ports\[0\]\.targetPort: port number 99999/)
  assert.match(
    check('{hosts: [a.com], exportTo: [a], export_to: [b]}').lines.join(),
    /error spec\.export_to: field "exportTo" is given in two spellings/,
  )
})

test('all served versions are read, others are refused with those that are', () => {
  for (const version of ['v1', 'v1beta1', 'v1alpha3']) {
    assert.deepEqual(
      check('{hosts: [a.com]}', `apiVersion: networking.istio.io/${version}\nkind: ServiceEntry\nmetadata: {name: a}\n`)
        .lines,
      [],
    )
  }
  const refused = (version: string) =>
    check(
      '{hosts: [a.com]}',
      `apiVersion: networking.istio.io/${version}\nkind: ServiceEntry\nmetadata: {name: a}\n`,
    ).lines.join()
  assert.match(
    refused('v2'),
    /^error apiVersion: no matches for kind "ServiceEntry" in version .*: ServiceEntry is of "networking.istio.io\/v1", /,
  )
  assert.equal(
    refused('v1alpha3 3306'),
    'error apiVersion: "networking.istio.io/v1alpha3 3306" has "3306" after the version: write apiVersion: networking.istio.io/v1alpha3',
  )
})

const WRONG: readonly (readonly [spec: string, line: RegExp])[] = [
  ['{hosts: [a.com], port: []}', /^error spec\.port: unknown field "port" \(did you mean "ports"\?\)$/],
  [
    '{hosts: [a.com], ports: [{number: 80, name: x, protocol: HTTP, target: 1}]}',
    /^error spec\.ports\[0\]\.target: unknown field "target"/,
  ],
  ['{hosts: a.com}', /^error spec\.hosts: Invalid value: must be a list, not "a\.com"$/],
  ['{hosts: [7]}', /^error spec\.hosts\[0\]: Invalid value: must be a string, not number 7; put it in quotes$/],
  ['{hosts: [null]}', /^error spec\.hosts\[0\]: an element of a list may not be null/],
  [
    '{hosts: [a.com], ports: [{number: "80", name: x, protocol: HTTP}]}',
    /^error spec\.ports\[0\]\.number: Invalid value: must be an integer, not "80"; write it without quotes$/,
  ],
  [
    '{hosts: [a.com], ports: [{number: 80.5, name: x, protocol: HTTP}]}',
    /^error spec\.ports\[0\]\.number: Invalid value: must be an integer, not number 80\.5$/,
  ],
  [
    '{hosts: [a.com], ports: [{number: -1, name: x, protocol: HTTP}]}',
    /^error spec\.ports\[0\]\.number: must be an integer from 0 to 4294967295, not -1$/,
  ],
  [
    '{hosts: [a.com], ports: [{number: 80, name: on, protocol: HTTP}]}',
    /^error spec\.ports\[0\]\.name: Invalid value: must be a string, not boolean true/,
  ],
  [
    '{hosts: [a.com], resolution: dns}',
    /^error spec\.resolution: Unsupported value: "dns": supported values: "NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS" \(did you mean "DNS"\?\)$/,
  ],
  ['{hosts: [a.com], resolution: 1}', /^error spec\.resolution: Unsupported value: number 1: supported values/],
  [
    '{hosts: [a.com], location: OUTSIDE}',
    /^error spec\.location: Unsupported value: "OUTSIDE": supported values: "MESH_EXTERNAL", "MESH_INTERNAL"/,
  ],
  ['{hosts: [a.com], workloadSelector: x}', /^error spec\.workloadSelector: Invalid value: must be a map, not "x"$/],
  ['7', /^error spec: Invalid value: must be a map, not number 7$/],
  [`{hosts: [${'a.com,'.repeat(257)}]}`, /^error spec\.hosts: Too many: 257: must have at most 256 items$/],
  [`{hosts: [a.com], addresses: [${'1.1.1.1,'.repeat(257)}]}`, /^error spec\.addresses: Too many: 257/],
  [
    `{hosts: [a.com], addresses: ["${'1'.repeat(65)}"]}`,
    /^error spec\.addresses\[0\]: too long: 65 characters, at most 64 are allowed$/,
  ],
  [
    `{hosts: [a.com], ports: [{number: 80, name: x, protocol: ${'x'.repeat(257)}}]}`,
    /^error spec\.ports\[0\]\.protocol: too long: 257 characters/,
  ],
  [
    `{hosts: [a.com], resolution: STATIC, endpoints: [{address: 1.1.1.1, serviceAccount: ${'x'.repeat(254)}}]}`,
    /^error spec\.endpoints\[0\]\.serviceAccount: too long/,
  ],
  [
    `{hosts: [a.com], resolution: STATIC, endpoints: [{address: 1.1.1.1, network: ${'x'.repeat(2049)}}]}`,
    /^error spec\.endpoints\[0\]\.network: too long/,
  ],
  [
    `{hosts: [a.com], resolution: STATIC, endpoints: [${'{address: 1.1.1.1},'.repeat(4097)}]}`,
    /^error spec\.endpoints: Too many: 4097/,
  ],
  [
    '{hosts: [a.com], resolution: STATIC, endpoints: [{address: 1.1.1.1, labels: {a: null}}]}',
    /^error spec\.endpoints\[0\]\.labels\.a: a value of a map may not be null$/,
  ],
  [
    `{hosts: [a.com], resolution: STATIC, endpoints: [{address: 1.1.1.1, labels: {${Array.from({ length: 257 }, (_, i) => `a${i}: b`)}}}]}`,
    /^error spec\.endpoints\[0\]\.labels: Too many: 257: must have at most 256 keys$/,
  ],
]

for (const [spec, line] of WRONG) {
  test(`a value of the wrong shape is the only thing that is told: ${spec.slice(0, 80)}`, () => {
    const { lines, object } = check(spec)
    assert.equal(lines.length, 1, lines.join('\n'))
    assert.match(lines[0]!, line)
    assert.equal(object, undefined)
  })
}

test('an object needs a spec and a name, and takes no field of another place', () => {
  const head = 'apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n'
  assert.deepEqual(check('', `${head}metadata: {name: a}\n`).lines, [
    'error spec: Required value: the object has no spec',
  ])
  assert.match(check('{hosts: [a.com]}', head).lines.join(), /^error metadata\.name: Required value/)
  assert.match(
    check('{hosts: [a.com]}', `${head}metadata: {name: a}\nhosts: [a.com]\n`).lines.join(),
    /^error hosts: unknown field "hosts"/,
  )
  assert.match(
    check('{hosts: [a.com]}', `${head}metadata: {name: a, label: {}}\n`).lines.join(),
    /^error metadata\.label: unknown field "label" \(did you mean "labels"\?\)/,
  )
  assert.deepEqual(
    check(
      '{hosts: [a.com]}',
      `${head}metadata: {name: a, uid: x, managedFields: [], creationTimestamp: null}\nstatus: {x: 1}\n`,
    ).lines,
    [],
  )
})

test('metadata is checked as the Kubernetes API and Istio check it', () => {
  const lines = (metadata: string) =>
    check(
      '{hosts: [a.com]}',
      `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {${metadata}}\n`,
    ).lines.join()
  assert.match(lines('name: Bad_Name'), /metadata\.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain/)
  assert.match(lines('name: a, namespace: A.b'), /metadata\.namespace: Invalid value: "A\.b"/)
  assert.match(
    lines('name: a, labels: {version: 1}'),
    /metadata\.labels\.version: Invalid value: must be a string, not number 1; put it in quotes/,
  )
  assert.match(lines('name: a, labels: {a: b c}'), /invalid label value: "b c"/)
  assert.match(lines('name: a, labels: {"a/b/c": d}'), /invalid label key: "a\/b\/c"/)
  assert.match(
    lines('name: a, annotations: {istio.io/dry-run: "true"}'),
    /has unsupported annotation istio\.io\/dry-run/,
  )
  assert.match(lines('name: a, annotations: {internal.istio.io/webhook-always-reject: ""}'), /error/)
  assert.match(lines('name: a, annotations: {internal.istio.io/parents: x}'), /error/)
  assert.equal(
    lines('name: a.b-c, namespace: x, labels: {app.kubernetes.io/name: web}, annotations: {any thing: z}'),
    '',
  )
})

const text = fc.string({ maxLength: 20 })
const uint32 = fc.integer({ min: 0, max: 4_294_967_295 })
const stringMap = fc.dictionary(text, text, { maxKeys: 3 })
const arbitrarySpec: fc.Arbitrary<ServiceEntrySpec> = fc.record({
  hosts: fc.array(text, { maxLength: 3 }),
  addresses: fc.array(text, { maxLength: 3 }),
  ports: fc.array(fc.record({ number: uint32, protocol: text, name: text, targetPort: uint32 }), { maxLength: 3 }),
  location: fc.constantFrom('MESH_EXTERNAL', 'MESH_INTERNAL'),
  resolution: fc.constantFrom('NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS'),
  endpoints: fc.array(
    fc.record({
      address: text,
      ports: fc.dictionary(text, uint32, { maxKeys: 3 }),
      labels: stringMap,
      network: text,
      locality: text,
      weight: uint32,
      serviceAccount: text,
    }),
    { maxLength: 2 },
  ),
  workloadSelector: fc.option(fc.record({ labels: stringMap }), { nil: undefined }),
  exportTo: fc.array(text, { maxLength: 3 }),
  subjectAltNames: fc.array(text, { maxLength: 3 }),
})

test('a decoded spec, written as JSON and decoded again, is the same', () => {
  fc.assert(
    fc.property(arbitrarySpec, (spec) => {
      const report = new Report()
      const written = JSON.stringify(spec)
      assert.equal(JSON.stringify(decodeServiceEntrySpec(JSON.parse(written), ['spec'], report)), written)
      assert.deepEqual(report.findings, [])
    }),
    { numRuns: 300 },
  )
})

test('of an object of thousands of faults the first are told, and how many more there are', () => {
  const { lines, object } = check(
    `{hosts: [a.com], resolution: STATIC, endpoints: [${'{address: a.com},'.repeat(4000)}]}`,
  )
  assert.equal(lines.length, 501)
  assert.equal(lines.at(-1), 'error : and 3500 more findings')
  assert.equal(object, undefined)
})

test('no data makes decoding or a rule throw', () => {
  const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), arbitrarySpec)
  fc.assert(
    fc.property(value, value, (spec, metadata) => {
      const json = JSON.stringify({ apiVersion: 'networking.istio.io/v1', kind: 'ServiceEntry', metadata, spec })
      const { documents, messages } = checkManifestFile(parseManifests('f', json))
      assert.ok(documents.length === 1 || messages.some((message) => message.level === 'error'))
    }),
    { numRuns: 500 },
  )
})
