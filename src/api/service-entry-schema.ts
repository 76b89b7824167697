import { described, list, mapOf, message, oneOf, optional, required, string, uint32 } from './schema/decode.ts'
import type { ServiceEntrySpec, ServicePort, WorkloadEntrySpec } from './service-entry.ts'

/** Fields, defaults and sizes of a ServiceEntry's spec as its custom resource definition has them (spec 1.1, 1.2). */

const decodeServicePort = message<ServicePort>({
  number: described('Number of the port that is called.', required(uint32)),
  protocol: described(
    'Protocol: HTTP, HTTPS, GRPC, HTTP2, MONGO, TCP, TLS, MYSQL or REDIS; found out when absent.',
    string(256),
  ),
  name: described('Name of the port, of its own in this entry.', required(string(256))),
  targetPort: described('Port of the endpoints; the same when absent.', uint32),
})

export const decodeWorkloadEntrySpec = message<WorkloadEntrySpec>({
  address: described('IP address, domain name, or unix:// and the path of a socket.', string(256)),
  ports: described('Ports of this endpoint, by the names of the ports of the service.', mapOf(uint32, 128)),
  labels: described('Labels of this endpoint.', mapOf(string(), 256)),
  network: described('Network in which the address counts.', string(2048)),
  locality: described('Where it is: region/zone/subzone.', string(2048)),
  weight: described('Share of the traffic, relative to the other endpoints; 0 counts as 1.', uint32),
  serviceAccount: described('Service account of the workload.', string(253)),
})

export const decodeServiceEntrySpec = message<ServiceEntrySpec>({
  hosts: described(
    'Names of the service; *. in front stands for all below.',
    required(list(string(), { minItems: 1, maxItems: 256 })),
  ),
  addresses: described('Addresses or CIDR blocks by which the service is called.', list(string(64), { maxItems: 256 })),
  ports: described(
    'Ports of the service.',
    list(decodeServicePort, { maxItems: 256, mapKey: 'name', nullText: 'service entry port may not be null' }),
  ),
  location: described(
    'Whether the service is outside of the mesh or a part of it.',
    oneOf(['MESH_EXTERNAL', 'MESH_INTERNAL']),
  ),
  resolution: described(
    'How the addresses of the service are found: as they were called, as listed, or by DNS.',
    oneOf(['NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS']),
  ),
  endpoints: described(
    'Where the service is.',
    list(decodeWorkloadEntrySpec, { maxItems: 4096, nullText: 'endpoint cannot be nil' }),
  ),
  workloadSelector: described(
    'Workloads of the mesh that are the service, in place of endpoints.',
    optional(message({ labels: described('Labels of the workloads.', mapOf(string(), 256)) })),
  ),
  exportTo: described('Namespaces that see this entry: . is its own, * all, ~ none.', list(string())),
  subjectAltNames: described("Names one of which the server's certificate must bear.", list(string())),
})
