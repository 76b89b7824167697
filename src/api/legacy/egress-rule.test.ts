import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { combine } from '#api/configuration.ts'
import { checkManifestFile } from '#api/document.ts'
import { parseManifests } from '#kube/manifest.ts'
import { convertEgressRule } from './egress-rule-conversion.ts'

function rule(spec: string, name = 'r'): string {
  return `apiVersion: config.istio.io/v1alpha2\nkind: EgressRule\nmetadata: {name: ${name}}\nspec: ${spec}\n`
}

function configurationOf(...texts: readonly string[]) {
  return combine(
    texts.map((text, index) => checkManifestFile(parseManifests(`${index}.yaml`, text))),
    'error',
  )
}

function errorsOf(spec: string): readonly string[] {
  return configurationOf(rule(spec))
    .messages.filter((message) => message.level === 'error')
    .map(({ path, text }) => `${path}: ${text}`)
}

const VALID: readonly string[] = [
  '{destination: {service: "*.googleapis.com"}, ports: [{port: 443, protocol: https}]}',
  '{destination: {service: "*google.com"}, ports: [{port: 80, protocol: http}]}',
  '{destination: {service: "*-google.com"}, ports: [{port: 80, protocol: HTTP2}]}',
  '{destination: {service: "*"}, ports: [{port: 80, protocol: grpc}]}',
  '{destination: {service: db}, ports: [{port: 3306, protocol: tcp}]}',
  '{destination: {service: 10.0.0.0/8}, ports: [{port: 3306, protocol: tcp}, {port: 27017, protocol: MONGO}]}',
  '{destination: {service: 10.0.0.1}, ports: [{port: 3306, protocol: tcp}]}',
  '{destination: {service: a.com}, ports: [{port: 80, protocol: http}], use_egress_proxy: false}',
]

for (const spec of VALID) test(`valid: ${spec}`, () => assert.deepEqual(errorsOf(spec), []))

const FAULTY: readonly (readonly [spec: string, ...errors: string[]])[] = [
  ['{ports: [{port: 80, protocol: http}]}', 'spec.destination: destination of egress rule must have destination field'],
  [
    '{destination: {service: a.com, name: x}, ports: [{port: 80, protocol: http}]}',
    'spec.destination.name: destination of egress rule must not have name field',
  ],
  [
    '{destination: {service: a.com, namespace: x}, ports: [{port: 80, protocol: http}]}',
    'destination of egress rule must not have namespace field',
  ],
  [
    '{destination: {service: a.com, domain: x}, ports: [{port: 80, protocol: http}]}',
    'destination of egress rule must not have domain field',
  ],
  [
    '{destination: {service: a.com, labels: {a: b}}, ports: [{port: 80, protocol: http}]}',
    'destination of egress rule must not have labels field',
  ],
  ['{destination: {}, ports: [{port: 80, protocol: http}]}', 'spec.destination.service: empty domain name not allowed'],
  [
    '{destination: {service: "a.*.com"}, ports: [{port: 80, protocol: http}]}',
    'spec.destination.service: domain name "a.*.com" invalid',
  ],
  ['{destination: {service: "**a.com"}, ports: [{port: 80, protocol: http}]}', 'spec.destination.service: domain name'],
  [
    '{destination: {service: "*."}, ports: [{port: 80, protocol: http}]}',
    'spec.destination.service: empty domain name',
  ],
  [
    '{destination: {service: 10.0.0.0/33}, ports: [{port: 80, protocol: tcp}]}',
    'spec.destination.service: 10.0.0.0/33 is not a valid CIDR block',
  ],
  [
    '{destination: {service: "2001:db8::/32"}, ports: [{port: 80, protocol: tcp}]}',
    '2001:db8::/32 is not a valid CIDR block of IPv4',
  ],
  ['{destination: {service: a.com}}', 'spec.ports: egress rule must have a ports list'],
  ['{destination: {service: a.com}, ports: []}', 'egress rule must have a ports list'],
  [
    '{destination: {service: a.com}, ports: [{port: 80, protocol: http}, {port: 80, protocol: http}]}',
    'spec.ports[1].port: duplicate port: 80',
  ],
  [
    '{destination: {service: a.com}, ports: [{port: 0, protocol: http}]}',
    'spec.ports[0].port: port number 0 must be in the range 1..65535',
  ],
  ['{destination: {service: a.com}, ports: [{port: -1, protocol: http}]}', 'port number -1 must be in the range'],
  [
    '{destination: {service: a.com}, ports: [{port: 80, protocol: redis}]}',
    'spec.ports[0].protocol: egress rule support is available only for the following protocols',
  ],
  [
    '{destination: {service: a.com}, ports: [{port: 80}]}',
    'egress rule support is available only for the following protocols',
  ],
  [
    '{destination: {service: 10.0.0.0/8}, ports: [{port: 80, protocol: http}, {port: 81, protocol: tcp}]}',
    'spec.ports[0].protocol: protocol "http" needs a domain',
  ],
  [
    '{destination: {service: a.com}, ports: [{port: 80, protocol: http}], use_egress_proxy: true}',
    'spec.useEgressProxy: directing traffic through egress proxy is not implemented yet',
  ],
  [
    '{destination: {service: a.com}, ports: [{port: 80, protocol: http, name: x}]}',
    'spec.ports[0].name: unknown field "name"',
  ],
  [
    '{destination: {service: "a..com", name: x}, ports: [{port: 0, protocol: x}]}',
    'must not have name field',
    'domain name "a..com" invalid',
    'port number 0',
    'only for the following protocols',
  ],
]

for (const [spec, ...errors] of FAULTY) {
  test(`faulty: ${spec}`, () => {
    const actual = errorsOf(spec)
    assert.equal(actual.length, errors.length, actual.join('\n'))
    for (const [index, part] of errors.entries())
      assert.ok(actual[index]?.includes(part), `${actual[index]} should say: ${part}`)
  })
}

function converted(spec: string, metadata = {}) {
  const { documents } = checkManifestFile(parseManifests('f', rule(spec)))
  assert.ok(documents[0]?.kind === 'EgressRule')
  const { object } = documents[0]
  return convertEgressRule({ ...object, metadata: { ...object.metadata, ...metadata } })
}

test('a domain becomes a host, its ports keep their protocol as it was written', () => {
  const text = readFileSync(new URL('testdata/egress-rule-google-apis.yaml', import.meta.url), 'utf8')
  const { documents } = checkManifestFile(parseManifests('f', text))
  assert.ok(documents[0]?.kind === 'EgressRule')
  assert.deepEqual(convertEgressRule(documents[0].object), {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: 'gooleapis' },
    spec: {
      hosts: ['*.googleapis.com'],
      ports: [{ number: 443, name: 'https-443', protocol: 'https' }],
      location: 'MESH_EXTERNAL',
      resolution: 'NONE',
    },
  })
})

test('an address or a block becomes an address of a host named after the rule', () => {
  const { spec, metadata } = converted('{destination: {service: 10.0.0.0/8}, ports: [{port: 3306, protocol: TCP}]}', {
    namespace: 'ns',
  })
  assert.deepEqual(spec.hosts, ['r.ns.svc.cluster.local'])
  assert.deepEqual(spec.addresses, ['10.0.0.0/8'])
  assert.deepEqual(spec.ports, [{ number: 3306, name: 'TCP-3306', protocol: 'TCP' }])
  assert.deepEqual(metadata, { name: 'r', namespace: 'ns' })
  const single = converted('{destination: {service: 10.1.2.3}, ports: [{port: 3306, protocol: tcp}]}')
  assert.deepEqual([single.spec.hosts, single.spec.addresses], [['r.default.svc.cluster.local'], ['10.1.2.3']])
})

test('a rule is enforced as the service entry it is converted to, and goes by its own name', () => {
  const { serviceEntries, messages } = configurationOf(
    rule('{destination: {service: 10.0.0.0/8}, ports: [{port: 3306, protocol: tcp}]}'),
  )
  assert.deepEqual(
    serviceEntries.map((entry) => [entry.kind, entry.spec.addresses, entry.spec.resolution]),
    [['EgressRule', ['10.0.0.0/8'], 'NONE']],
  )
  assert.deepEqual(messages, [])
})

test('a TCP port of a domain, and any domain at all, admit nothing, with a warning', () => {
  const tcp = configurationOf(
    rule('{destination: {service: a.com}, ports: [{port: 3306, protocol: tcp}, {port: 80, protocol: http}]}'),
  )
  assert.deepEqual(
    tcp.serviceEntries.map((entry) => entry.spec.ports.map((port) => port.number)),
    [[80]],
  )
  assert.match(tcp.messages[0]!.text, /let nothing through in an EgressRule/)
  const every = configurationOf(rule('{destination: {service: "*"}, ports: [{port: 80, protocol: http}]}'))
  assert.deepEqual(every.serviceEntries, [])
  assert.match(every.messages[0]!.text, /no ServiceEntry can stand for/)
})

test('protocol https means something else after the conversion, and a warning says so', () => {
  const { messages } = configurationOf(rule('{destination: {service: a.com}, ports: [{port: 443, protocol: HTTPS}]}'))
  assert.deepEqual(
    messages.map(({ level, path }) => `${level} ${path}`),
    ['warning spec.ports[0].protocol'],
  )
})

test('of two rules for one destination the smaller key is enforced, whatever the order of the files', () => {
  const spec = '{destination: {service: a.com}, ports: [{port: 80, protocol: http}]}'
  const { serviceEntries, messages } = configurationOf(rule(spec, 'zz'), rule(spec, 'aa'))
  assert.deepEqual(
    serviceEntries.map((entry) => entry.metadata.name),
    ['aa'],
  )
  assert.equal(messages.length, 1)
  assert.equal(messages[0]?.level, 'warning')
  assert.match(
    messages[0]!.text,
    /EgressRule default\/zz is ignored: EgressRule default\/aa has the same destination.service "a\.com"/,
  )
})

test('another class of protocol on the same port is ignored; all of HTTP is one class', () => {
  const ports = (port: number, protocol: string) =>
    `{destination: {service: ${protocol}${port}.com}, ports: [{port: ${port}, protocol: ${protocol}}]}`
  const block = (protocol: string) => `{destination: {service: 10.0.0.0/8}, ports: [{port: 80, protocol: ${protocol}}]}`
  const mixed = configurationOf(
    rule(ports(80, 'http'), 'a'),
    rule(ports(80, 'grpc'), 'b'),
    rule(block('tcp'), 'c'),
    rule(ports(81, 'http2'), 'd'),
  )
  assert.deepEqual(
    mixed.serviceEntries.map((entry) => entry.metadata.name),
    ['a', 'b', 'd'],
  )
  assert.match(
    mixed.messages[0]!.text,
    /default\/c is ignored: EgressRule default\/b uses port 80 for HTTP, this one for tcp/,
  )
})
