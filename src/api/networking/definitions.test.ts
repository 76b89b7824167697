import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { checkManifestFile } from '#api/document.ts'
import { apiVersionOf } from '#api/kind.ts'
import { KINDS } from '#api/kinds.ts'
import { Report } from '#api/schema/report.ts'
import { formatPath } from '#kube/field-path.ts'
import { parseManifests } from '#kube/manifest.ts'
import type { Schema } from '#kube/schema.ts'

const NETWORKING = KINDS.filter((kind) => kind.group === 'networking.istio.io')

test('the API knows the kinds by the names, versions and columns that Istio gives them', () => {
  const rows = NETWORKING.map(({ plural, shortNames, versions, kind, columns }) =>
    [plural, shortNames.join(), versions.join(), kind, columns.map((column) => column.name).join()].join(' '),
  )
  assert.deepEqual(rows, [
    'serviceentries se v1,v1beta1,v1alpha3 ServiceEntry Hosts,Location,Resolution,Age',
    'virtualservices vs v1,v1beta1,v1alpha3 VirtualService Gateways,Hosts,Age',
    'destinationrules dr v1,v1beta1,v1alpha3 DestinationRule Host,Age',
    'gateways gw v1,v1beta1,v1alpha3 Gateway Age',
    'sidecars  v1,v1beta1,v1alpha3 Sidecar Age',
    'workloadentries we v1,v1beta1,v1alpha3 WorkloadEntry Age,Address',
    'workloadgroups wg v1,v1beta1,v1alpha3 WorkloadGroup Age',
    'proxyconfigs  v1beta1 ProxyConfig Age',
    'envoyfilters  v1alpha3 EnvoyFilter Age',
  ])
  for (const { categories, hasStatus, isCore } of NETWORKING) {
    assert.deepEqual(
      { categories, hasStatus, isCore },
      {
        categories: ['istio-io', 'networking-istio-io'],
        hasStatus: true,
        isCore: false,
      },
    )
  }
})

/** Paths of the fields below a schema that `choose` picks. */
function fieldsOf(
  schema: Schema,
  choose: (field: Schema, name: string, parent: Schema) => boolean,
  path = '',
): string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`
    return [...(choose(field, name, schema) ? [at] : []), ...fieldsOf(field, choose, at)]
  })
  const items = schema.items === undefined ? [] : fieldsOf(schema.items, choose, `${path}[]`)
  const values =
    schema.additionalProperties === undefined ? [] : fieldsOf(schema.additionalProperties, choose, `${path}{}`)
  return [...own, ...items, ...values]
}

test('every field has a description for kubectl explain', () => {
  for (const { kind, schema } of NETWORKING) {
    const silent = fieldsOf(schema, (field) => field.description === undefined)
    assert.deepEqual(silent, [], kind)
  }
})

test('the API server requires the fields that the definitions of Istio require', () => {
  const required = Object.fromEntries(
    NETWORKING.map(({ kind, schema }) => [
      kind,
      fieldsOf(schema, (_, name, parent) => parent.required?.includes(name) === true).filter(
        (field) => field !== 'spec',
      ),
    ]),
  )
  assert.deepEqual(required.ServiceEntry, ['spec.hosts', 'spec.ports[].number', 'spec.ports[].name'])
  assert.deepEqual(required.VirtualService, [
    'spec.http[].route[].destination',
    'spec.http[].route[].destination.host',
    'spec.http[].directResponse.status',
    'spec.http[].mirror.host',
    'spec.http[].mirrors[].destination',
    'spec.http[].mirrors[].destination.host',
    'spec.tls[].match',
    'spec.tls[].match[].sniHosts',
    'spec.tls[].route[].destination',
    'spec.tls[].route[].destination.host',
    'spec.tcp[].route[].destination',
    'spec.tcp[].route[].destination.host',
  ])
  assert.deepEqual(
    required.DestinationRule?.filter(
      (field) => !field.startsWith('spec.trafficPolicy') && !field.includes('loadBalancer'),
    ),
    [
      'spec.host',
      'spec.subsets[].name',
      'spec.subsets[].trafficPolicy.tunnel.targetHost',
      'spec.subsets[].trafficPolicy.tunnel.targetPort',
    ],
  )
  assert.deepEqual(required.Gateway, [
    'spec.servers[].port',
    'spec.servers[].port.number',
    'spec.servers[].port.protocol',
    'spec.servers[].port.name',
    'spec.servers[].hosts',
  ])
  assert.deepEqual(required.Sidecar, [
    'spec.ingress[].port',
    'spec.egress[].hosts',
    'spec.outboundTrafficPolicy.egressProxy.host',
  ])
  assert.ok(required.WorkloadGroup?.includes('spec.template'))
})

test('samples of Istio are valid, and said not to be applied yet', () => {
  const folder = new URL('testdata/samples/', import.meta.url)
  const seen = new Set<string>()
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.yaml'))) {
    const file = parseManifests(name, readFileSync(new URL(name, folder), 'utf8'))
    const { messages } = checkManifestFile(file)
    assert.deepEqual(
      messages.filter((message) => message.level === 'error'),
      [],
      name,
    )
    for (const { kind } of file.manifests) {
      if (kind === 'ServiceEntry' || kind === 'Service') continue
      seen.add(kind)
      const text = `${kind} is valid, but not applied by postern run yet`
      assert.ok(
        messages.some((message) => message.text === text),
        `${name}: ${text}`,
      )
    }
  }
  assert.deepEqual([...seen].sort(), ['DestinationRule', 'EnvoyFilter', 'Gateway', 'VirtualService'])
})

test('an object without a spec is one whose spec is empty, where Istio has it so', () => {
  const messagesOf = (kind: string) => {
    const definition = NETWORKING.find((one) => one.kind === kind)!
    const report = new Report()
    definition.check(
      { apiVersion: apiVersionOf(definition, definition.versions[0]), kind, metadata: { name: 'a' } },
      report,
    )
    return report.findings.map(({ path, text }) => `${formatPath(path)}: ${text}`)
  }
  assert.deepEqual(messagesOf('ProxyConfig'), [])
  assert.deepEqual(messagesOf('Gateway'), ['spec.servers: gateway must have at least one server'])
  assert.deepEqual(messagesOf('WorkloadEntry'), ['spec: Required value: the object has no spec'])
})

test('what is wrong with a route is told with its line, and nothing is said of its not being applied', () => {
  const text = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: [a.com]
  http:
  - route:
    - destination: {hots: a}
`
  const { messages } = checkManifestFile(parseManifests('f.yaml', text))
  assert.deepEqual(
    messages.map(({ line, level, path, text }) => `${line} ${level} ${path}: ${text}`),
    [
      '8 error spec.http[0].route[0].destination.hots: unknown field "hots" (did you mean "host"?)',
      '8 error spec.http[0].route[0].destination.host: empty domain name not allowed',
    ],
  )
})
