import { isIPv4, isIPv6 } from 'node:net'
import type { JsonObject } from '#api/kind.ts'
import { AGE_COLUMN } from '#api/printer-column.ts'
import { faultOfFqdn } from '#api/rules/domain-name.ts'
import type { Report } from '#api/schema/report.ts'
import { textColumn } from './columns.ts'
import { coreKind } from './core-kind.ts'
import { duplicate, faultOfChoice, invalid } from './faults.ts'
import {
  anyObject,
  atomicObject,
  flag,
  integer,
  list,
  object,
  objectReference,
  text,
  textList,
  textMap,
} from './field-schema.ts'
import { listAt, numberAt, textAt, textsAt } from './object-fields.ts'

const endpoint = object(
  'One endpoint.',
  {
    addresses: textList('Its addresses; the first one is called.', { 'x-kubernetes-list-type': 'set' }),
    conditions: object('What it may be called for.', {
      ready: flag('Whether new calls may come; they may unless told.'),
      serving: flag('Whether it answers, going or not.'),
      terminating: flag('Whether it is going.'),
    }),
    hints: anyObject('Who should call it.'),
    hostname: text('Its name below that of the Service.'),
    nodeName: text('The node that it is on.'),
    zone: text('The zone that it is in.'),
    targetRef: objectReference('The Pod that has the address.'),
    deprecatedTopology: textMap('No longer used.'),
  },
  { required: ['addresses'] },
)

const port = atomicObject('One port.', {
  name: text('Name of the port, as the Service has it.', { default: '' }),
  port: integer('Number of the port; every one unless given.'),
  protocol: text('TCP, UDP or SCTP.', { default: 'TCP' }),
  appProtocol: text('The protocol for the mesh.'),
})

export const ENDPOINT_SLICE = coreKind({
  group: 'discovery.k8s.io',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  description: 'Some of the endpoints of a Service, which the label kubernetes.io/service-name names.',
  columns: [
    textColumn('AddressType', 'What its addresses are.', (slice) => textAt(slice, 'addressType')),
    textColumn('Ports', 'Ports of its endpoints.', portsText),
    textColumn('Endpoints', 'Addresses of its endpoints.', endpointsText),
    AGE_COLUMN,
  ],
  properties: {
    addressType: text('IPv4, IPv6 or FQDN; never changes.'),
    endpoints: list('The endpoints.', endpoint, { maxItems: 1000 }),
    ports: list('Ports of every endpoint.', port),
  },
  required: ['addressType', 'endpoints'],
  check: checkSlice,
  checkUpdate: (before, after, report) => {
    if (textAt(before, 'addressType') === textAt(after, 'addressType')) return
    report.fault(['addressType'], invalid(textAt(after, 'addressType'), 'field is immutable'))
  },
})

const UNSET = '<unset>'
const SHOWN = 3

function portsText(slice: JsonObject): string {
  return shortened(listAt(slice, 'ports').map((one) => String(numberAt(one, 'port') ?? '*')))
}

function endpointsText(slice: JsonObject): string {
  return shortened(listAt(slice, 'endpoints').flatMap((one) => textsAt(one, 'addresses')))
}

function shortened(texts: readonly string[]): string {
  if (texts.length === 0) return UNSET
  const more = texts.length > SHOWN ? ` + ${texts.length - SHOWN} more...` : ''
  return `${texts.slice(0, SHOWN).join(',')}${more}`
}

function checkSlice(slice: JsonObject, report: Report): void {
  const type = textAt(slice, 'addressType')
  if (type === '') report.fault(['addressType'], 'Required value')
  else report.fault(['addressType'], faultOfChoice(type, ['FQDN', 'IPv4', 'IPv6']))
  for (const [index, one] of listAt(slice, 'endpoints').entries()) {
    const at = ['endpoints', index, 'addresses']
    const addresses = textsAt(one, 'addresses')
    if (addresses.length === 0) report.fault(at, 'Required value: must contain at least 1 address')
    for (const [place, address] of addresses.entries()) report.fault([...at, place], faultOfAddress(address, type))
  }
  const names = new Set<string>()
  for (const [index, one] of listAt(slice, 'ports').entries()) {
    const name = textAt(one, 'name')
    if (names.has(name)) report.fault(['ports', index, 'name'], duplicate(name))
    names.add(name)
  }
}

function faultOfAddress(address: string, type: string): string | undefined {
  if (type === 'IPv4' && !isIPv4(address)) return invalid(address, 'must be a valid IPv4 address')
  if (type === 'IPv6' && !isIPv6(address)) return invalid(address, 'must be a valid IPv6 address')
  if (type === 'FQDN' && faultOfFqdn(address) !== undefined) return invalid(address, 'must be a domain name')
  return undefined
}
