import type { JsonObject, PrinterColumn } from '#api/kind.ts'
import { AGE_COLUMN } from '#api/printer-column.ts'
import { labelText, NONE, textColumn, wide } from './columns.ts'
import { listAt, mapAt, numberAt, textAt, textsAt } from './object-fields.ts'

/** Columns of `kubectl get services`. */
export const SERVICE_COLUMNS: readonly PrinterColumn[] = [
  textColumn('Type', 'How the service is found.', (service) => textAt(service, 'spec', 'type') || 'ClusterIP'),
  textColumn('Cluster-IP', 'Its address.', (service) => textAt(service, 'spec', 'clusterIP') || NONE),
  textColumn('External-IP', 'Addresses or names outside that lead here.', externalText),
  textColumn('Port(s)', 'Its ports.', portsText),
  AGE_COLUMN,
  wide(textColumn('Selector', 'Labels of its Pods.', (service) => labelText(mapAt(service, 'spec', 'selector')))),
]

function externalText(service: JsonObject): string {
  const addresses = textsAt(service, 'spec', 'externalIPs')
  switch (textAt(service, 'spec', 'type')) {
    case 'ExternalName':
      return textAt(service, 'spec', 'externalName')
    case 'LoadBalancer': {
      const ingress = listAt(service, 'status', 'loadBalancer', 'ingress')
      const all = [...ingress.map((one) => textAt(one, 'ip') || textAt(one, 'hostname')), ...addresses]
      return all.length === 0 ? '<pending>' : all.join(',')
    }
    default:
      return addresses.length === 0 ? NONE : addresses.join(',')
  }
}

function portsText(service: JsonObject): string {
  const ports = listAt(service, 'spec', 'ports').map((port) => {
    const nodePort = numberAt(port, 'nodePort') ?? 0
    return `${numberAt(port, 'port') ?? 0}${nodePort === 0 ? '' : `:${nodePort}`}/${textAt(port, 'protocol') || 'TCP'}`
  })
  return ports.length === 0 ? NONE : ports.join(',')
}
