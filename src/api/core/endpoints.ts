import type { JsonObject } from '#api/kind.ts'
import { AGE_COLUMN } from '#api/printer-column.ts'
import { isIpAddress } from '#api/rules/address.ts'
import type { Report } from '#api/schema/report.ts'
import { NONE, textColumn } from './columns.ts'
import { coreKind } from './core-kind.ts'
import { faultOfLabel, faultOfPortNumber, invalid } from './faults.ts'
import { atomicObject, integer, list, object, objectReference, text } from './field-schema.ts'
import { listAt, numberAt, textAt } from './object-fields.ts'

const address = atomicObject(
  'One address.',
  {
    ip: text('The address.'),
    hostname: text('Name of the Pod below that of the Service.'),
    nodeName: text('The node that it is on.'),
    targetRef: objectReference('The Pod that has the address.'),
  },
  { required: ['ip'] },
)

const port = atomicObject(
  'One port.',
  {
    name: text('Name of the port, as the Service has it.'),
    port: integer('Number of the port.'),
    protocol: text('TCP, UDP or SCTP.', { default: 'TCP' }),
    appProtocol: text('The protocol for the mesh.'),
  },
  { required: ['port'] },
)

const subset = object('Addresses that all have the same ports.', {
  addresses: list('Addresses that are ready.', address),
  notReadyAddresses: list('Addresses that are not ready.', address),
  ports: list('Their ports.', port),
})

export const ENDPOINTS = coreKind({
  kind: 'Endpoints',
  plural: 'endpoints',
  shortNames: ['ep'],
  description: 'Addresses behind the Service of the same name.',
  columns: [textColumn('Endpoints', 'Addresses with their ports.', endpointsText), AGE_COLUMN],
  properties: { subsets: list('Every address with every port of its subset.', subset) },
  check: checkEndpoints,
})

const SHOWN = 3

function endpointsText(endpoints: JsonObject): string {
  const all = listAt(endpoints, 'subsets').flatMap((one) => {
    const ports = listAt(one, 'ports').map((found) => numberAt(found, 'port') ?? 0)
    const addresses = listAt(one, 'addresses').map((found) => textAt(found, 'ip'))
    if (ports.length === 0) return addresses
    return ports.flatMap((number) => addresses.map((ip) => `${ip.includes(':') ? `[${ip}]` : ip}:${number}`))
  })
  if (all.length === 0) return NONE
  const more = all.length > SHOWN ? ` + ${all.length - SHOWN} more...` : ''
  return `${all.slice(0, SHOWN).join(',')}${more}`
}

function checkEndpoints(endpoints: JsonObject, report: Report): void {
  for (const [index, one] of listAt(endpoints, 'subsets').entries()) {
    const at = ['subsets', index]
    const [ready, notReady] = [listAt(one, 'addresses'), listAt(one, 'notReadyAddresses')]
    if (ready.length + notReady.length === 0) {
      report.fault(at, 'Required value: must specify `addresses` or `notReadyAddresses`')
    }
    for (const [field, addresses] of Object.entries({ addresses: ready, notReadyAddresses: notReady })) {
      for (const [place, found] of addresses.entries()) {
        const ip = textAt(found, 'ip')
        if (!isIpAddress(ip)) report.fault([...at, field, place, 'ip'], invalid(ip, 'must be a valid IP address'))
      }
    }
    const ports = listAt(one, 'ports')
    for (const [place, found] of ports.entries()) {
      const name = textAt(found, 'name')
      if (name !== '') report.fault([...at, 'ports', place, 'name'], faultOfLabel(name))
      else if (ports.length > 1) report.fault([...at, 'ports', place, 'name'], 'Required value')
      report.fault([...at, 'ports', place, 'port'], faultOfPortNumber(numberAt(found, 'port')))
    }
  }
}
