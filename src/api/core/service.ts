import type { JsonObject } from '#api/kind.ts'
import type { Report } from '#api/schema/report.ts'
import { coreKind } from './core-kind.ts'
import { invalid } from './faults.ts'
import {
  anyObject,
  CONDITIONS,
  flag,
  integer,
  intOrString,
  list,
  mapList,
  object,
  text,
  textList,
  textMap,
} from './field-schema.ts'
import { mapAt, mapped, numberAt, textAt, textsAt, valueAt, withDefaults, withFields } from './object-fields.ts'
import { SERVICE_COLUMNS } from './service-columns.ts'
import { checkService } from './service-rules.ts'

const port = object(
  'One port.',
  {
    name: text(
      'Its name: required where there are several. Its first part, up to a dash, names the protocol for the mesh.',
    ),
    port: integer('Number of the port.'),
    targetPort: intOrString('Number or name of the port of the Pods; the same number unless given.'),
    protocol: text('TCP, UDP or SCTP.', { default: 'TCP' }),
    appProtocol: text('The protocol for the mesh, before that of the name.'),
    nodePort: integer('The port of every node that leads here.'),
  },
  { required: ['port'] },
)

const spec = object('Where the service is, and how it is found.', {
  type: text('ClusterIP, NodePort, LoadBalancer, or ExternalName for another name.', { default: 'ClusterIP' }),
  selector: textMap('Labels of the Pods that it leads to.', { 'x-kubernetes-map-type': 'atomic' }),
  ports: mapList('Ports of the service.', ['port', 'protocol'], port),
  clusterIP: text('Its address, told by the server; None for a service without one.'),
  clusterIPs: textList('Its addresses, one of each family.'),
  externalIPs: textList('Addresses besides that lead here.'),
  externalName: text('The name that this one stands for, with type ExternalName.'),
  externalTrafficPolicy: text('Whether calls from outside may leave the node they came to: Cluster or Local.'),
  internalTrafficPolicy: text('Whether calls from inside may leave their node: Cluster or Local.'),
  healthCheckNodePort: integer('Port at which nodes tell whether they have Pods of it.'),
  ipFamilies: textList('IPv4 and IPv6, in the order of its addresses.'),
  ipFamilyPolicy: text('SingleStack, PreferDualStack or RequireDualStack.'),
  loadBalancerClass: text('Who provides the load balancer.'),
  loadBalancerIP: text('Address that the load balancer is asked to have.'),
  loadBalancerSourceRanges: textList('Clients that the load balancer lets in.'),
  allocateLoadBalancerNodePorts: flag('Whether a load balancer is given ports of the nodes.'),
  publishNotReadyAddresses: flag('Whether it leads to Pods that are not ready as well.'),
  sessionAffinity: text('ClientIP keeps a client at one Pod; None does not.', { default: 'None' }),
  sessionAffinityConfig: object('How long that holds.', {
    clientIP: object('With ClientIP.', { timeoutSeconds: integer('So long after the last call.') }),
  }),
  trafficDistribution: text('Which Pods are preferred, such as PreferClose.'),
})

const status = object('What leads to the service.', {
  loadBalancer: object('The load balancer.', { ingress: list('Its addresses.', anyObject('One address.')) }),
  conditions: CONDITIONS,
})

export const SERVICE = coreKind({
  kind: 'Service',
  plural: 'services',
  shortNames: ['svc'],
  isInAll: true,
  description: 'A name and an address that lead to some Pods.',
  columns: SERVICE_COLUMNS,
  selectableFields: ['spec.clusterIP', 'spec.type'],
  properties: { spec, status },
  prepare: prepareService,
  check: checkService,
  checkUpdate: checkServiceUpdate,
})

const AFFINITY_TIMEOUT_S = 10_800

function prepareService(service: JsonObject, before?: JsonObject): JsonObject {
  const written = valueAt(service, 'spec')
  const type = textAt(written, 'type') || 'ClusterIP'
  const told = textAt(written, 'clusterIP') !== '' || textsAt(written, 'clusterIPs').length > 0
  const given = told || type === 'ExternalName' ? written : withDefaults(written, allotted(before))
  const [clusterIP, clusterIPs] = [textAt(given, 'clusterIP'), textsAt(given, 'clusterIPs')]
  const open = type === 'NodePort' || type === 'LoadBalancer'
  const affinity = { clientIP: { timeoutSeconds: AFFINITY_TIMEOUT_S } }
  const defaults = {
    ...(type === 'ExternalName' ? {} : { internalTrafficPolicy: 'Cluster' }),
    ...(open ? { externalTrafficPolicy: 'Cluster' } : {}),
    ...(type === 'LoadBalancer' ? { allocateLoadBalancerNodePorts: true } : {}),
    ...(textAt(given, 'sessionAffinity') === 'ClientIP' ? { sessionAffinityConfig: affinity } : {}),
    ...(clusterIP !== '' ? { clusterIPs: [clusterIP] } : {}),
    ...(clusterIPs.length > 0 ? { clusterIP: clusterIPs[0] } : {}),
  }
  const ports = mapped(valueAt(given, 'ports'), (one) => withDefaults(one, { targetPort: numberAt(one, 'port') }))
  return withFields(service, {
    spec: withFields(withDefaults(given, defaults), { ports }),
    status: withDefaults(service.status ?? {}, { loadBalancer: {} }),
  })
}

/** What the server allotted stays where an update does not tell it: manifests never do. */
function allotted(before: JsonObject | undefined): JsonObject {
  const { clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy } = mapAt(before, 'spec')
  return { clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy }
}

/** The address of a service is the key by which clients know it: once there, it stays as long as the type does. */
function checkServiceUpdate(before: JsonObject, after: JsonObject, report: Report): void {
  const [old, now] = [before, after].map((service) => textAt(service, 'spec', 'clusterIP')) as [string, string]
  const external = [before, after].some((service) => textAt(service, 'spec', 'type') === 'ExternalName')
  if (external || old === '' || old === now) return
  report.fault(['spec', 'clusterIPs', 0], invalid([now], 'may not change once set'))
}
