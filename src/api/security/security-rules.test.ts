import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import { Report } from '#api/schema/report.ts'
import { formatPath } from '#kube/field-path.ts'
import { SECURITY_KINDS } from './security-kinds.ts'

interface Case {
  readonly rule: string
  readonly kind: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly spec: unknown
  /** Parts of all messages there are, in order. */
  readonly messages: readonly string[]
}

function messagesOf({ kind, annotations, spec }: Omit<Case, 'rule' | 'messages'>): readonly string[] {
  const definition = SECURITY_KINDS.find((one) => one.kind === kind)
  assert.ok(definition, kind)
  const report = new Report()
  const metadata = { name: 'a', ...(annotations === undefined ? {} : { annotations }) }
  definition.check({ apiVersion: `${definition.group}/v1`, kind, metadata, spec }, report)
  return report.findings.map(({ level, path, text }) => `${level} ${formatPath(path)}: ${text}`)
}

const CASES = parse(readFileSync(new URL('testdata/security-rules.yaml', import.meta.url), 'utf8')) as readonly Case[]

for (const { rule, messages, ...object } of CASES) {
  test(`${object.kind}: ${rule}`, () => {
    const actual = messagesOf(object)
    assert.equal(actual.length, messages.length, actual.join('\n'))
    for (const [index, part] of messages.entries())
      assert.ok(actual[index]?.includes(part), `${actual[index]} should say: ${part}`)
  })
}

test('lists and names have the bounds of the definition', () => {
  const policy = (rules: unknown) => messagesOf({ kind: 'AuthorizationPolicy', spec: { rules } }).join()
  const accounts = (serviceAccounts: readonly string[]) => policy([{ from: [{ source: { serviceAccounts } }] }])
  assert.match(policy(Array(513).fill({})), /^error spec\.rules: Too many: 513: must have at most 512 items$/)
  const from = Array(513).fill({ source: { namespaces: ['a'] } })
  assert.match(policy([{ from }]), /^error spec\.rules\[0\]\.from: Too many: 513/)
  const to = Array(513).fill({ operation: { hosts: ['a'] } })
  assert.match(policy([{ to }]), /^error spec\.rules\[0\]\.to: Too many: 513/)
  assert.equal(accounts(Array(16).fill('a'.repeat(320))), '')
  assert.match(accounts(Array(17).fill('a')), /source\.serviceAccounts: Too many: 17: must have at most 16 items/)
  assert.match(accounts(['a'.repeat(321)]), /serviceAccounts\[0\]: too long: 321 characters/)
})

test('kinds of security have the names, versions and columns of Istio', () => {
  assert.deepEqual(
    SECURITY_KINDS.map(({ plural, shortNames, versions, categories, columns }) =>
      [plural, ...shortNames, ...versions, ...categories, ...columns.map(({ name }) => name)].join(' '),
    ),
    [
      'authorizationpolicies ap v1 v1beta1 istio-io security-istio-io Action Age',
      'peerauthentications pa v1 v1beta1 istio-io security-istio-io Mode Age',
      'requestauthentications ra v1 v1beta1 istio-io security-istio-io Age',
    ],
  )
})

test('no data makes a rule throw', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.constantFrom('a/b', '{*}', 'request.headers[', '__proto__', '{"keys":[null]}'),
  )
  const texts = fc.array(text, { maxLength: 2 })
  const source = fc.dictionary(fc.constantFrom('principals', 'ipBlocks', 'serviceAccounts', 'namespaces'), texts)
  const operation = fc.dictionary(fc.constantFrom('ports', 'paths', 'hosts'), texts)
  const rule = fc.record({
    from: fc.array(fc.record({ source }, { requiredKeys: [] }), { maxLength: 2 }),
    to: fc.array(fc.record({ operation }, { requiredKeys: [] }), { maxLength: 2 }),
    when: fc.array(fc.record({ key: text, values: texts }), { maxLength: 2 }),
  })
  const spec = fc.record(
    {
      selector: fc.record({ matchLabels: fc.dictionary(text, text) }),
      targetRefs: fc.array(fc.record({ group: text, kind: text, name: text }), { maxLength: 2 }),
      action: fc.constantFrom('ALLOW', 'DENY', 'CUSTOM', 'x'),
      rules: fc.array(rule, { maxLength: 2 }),
      mtls: fc.record({ mode: text }),
      portLevelMtls: fc.dictionary(text, fc.jsonValue()),
      jwtRules: fc.array(fc.record({ issuer: text, jwks: text, jwksUri: text }, { requiredKeys: [] })),
    },
    { requiredKeys: [] },
  )
  for (const { kind } of SECURITY_KINDS) {
    fc.assert(
      fc.property(fc.oneof(spec, fc.jsonValue()), (given) => {
        for (const message of messagesOf({ kind, spec: given })) assert.match(message, /^(?:error|warning) /)
      }),
      { numRuns: 200 },
    )
  }
})
