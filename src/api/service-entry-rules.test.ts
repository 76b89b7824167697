import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { parseManifests } from '#kube/manifest.ts'
import { checkManifestFile } from './document.ts'

/** What $HTTP, $TLS and $TCP stand for in the cases. */
const PORTS = {
  HTTP: '{number: 80, name: http, protocol: HTTP}',
  TLS: '{number: 443, name: tls, protocol: TLS}',
  TCP: '{number: 3306, name: db, protocol: TCP}',
}

/** Every message about a service entry, as "LEVEL PATH: TEXT". */
function messagesOf(spec: string, metadata = 'name: a'): readonly string[] {
  const text = `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {${metadata}}\nspec: {${spec}}\n`
  return checkManifestFile(parseManifests('f', text)).messages.map(
    ({ level, path, text }) => `${level} ${path}: ${text}`,
  )
}

interface Case {
  readonly rule: string
  readonly spec: string
  readonly metadata?: string
  /** Parts of all messages there are, in order; none: valid without a warning. */
  readonly messages: readonly string[]
}

/** Spec 1.1, validation, each rule and its neighbours; texts in the words Istio's users see. */
const CASES = parse(
  readFileSync(new URL('testdata/service-entry-rules.yaml', import.meta.url), 'utf8'),
) as readonly Case[]

for (const { rule, spec, metadata, messages } of CASES) {
  test(`rule: ${rule}`, () => {
    const actual = messagesOf(
      spec.replace(/\$(HTTP|TLS|TCP)/g, (_, name: keyof typeof PORTS) => PORTS[name]),
      metadata,
    )
    assert.equal(actual.length, messages.length, actual.join('\n'))
    for (const [index, part] of messages.entries())
      assert.ok(actual[index]?.includes(part), `${actual[index]} should say: ${part}`)
  })
}

test('protocols are known in any case', () => {
  for (const protocol of [
    'tcp',
    'UDP',
    'grpc',
    'GRPC-Web',
    'Http',
    'HTTP_PROXY',
    'http2',
    'HTTPS',
    'tls',
    'Mongo',
    'REDIS',
    'MySQL',
  ]) {
    const errors = messagesOf(`hosts: [a.com], ports: [{number: 80, name: x, protocol: ${protocol}}]`).filter((text) =>
      text.startsWith('error'),
    )
    assert.deepEqual(errors, [], protocol)
  }
})

test('a UDP port is valid, and warned of because nothing carries it', () => {
  assert.match(
    messagesOf('hosts: [a.com], ports: [{number: 53, name: x, protocol: UDP}]').join(),
    /^warning .*UDP is not carried/,
  )
})

test('all faults are told at once, each with its place', () => {
  const text = `apiVersion: networking.istio.io/v1beta1
kind: ServiceEntry
metadata:
  name: Bad_Name
spec:
  hosts:
  - "*"
  - a_b.com
  addresses:
  - 10.0.0.0/40
  ports:
  - number: 70000
    name: ""
    protocol: SMTP
  resolution: DNS
  exportTo: ["*", "~"]
  prots: []
`
  const { messages, documents } = checkManifestFile(parseManifests('f.yaml', text))
  assert.deepEqual(documents, [])
  const places = messages.map(({ line, column, path }) => `${line}:${column} ${path}`)
  for (const place of [
    '4:9 metadata.name',
    '7:5 spec.hosts[0]',
    '8:5 spec.hosts[1]',
    '10:5 spec.addresses[0]',
    '12:13 spec.ports[0].number',
    '13:11 spec.ports[0].name',
    '14:15 spec.ports[0].protocol',
    '16:3 spec.exportTo',
    '17:3 spec.prots',
  ]) {
    assert.ok(places.includes(place), `${place} is not among\n${places.join('\n')}`)
  }
})
