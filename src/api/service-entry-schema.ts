import { list, mapOf, message, oneOf, optional, required, string, uint32 } from './schema/decode.ts'
import type { ServiceEntrySpec, ServicePort, WorkloadEntrySpec } from './service-entry.ts'

/** Fields, defaults and sizes of a ServiceEntry's spec as its custom resource definition has them (spec 1.1, 1.2). */

const decodeServicePort = message<ServicePort>({
  number: required(uint32),
  protocol: string(256),
  name: required(string(256)),
  targetPort: uint32,
})

const decodeWorkloadEntrySpec = message<WorkloadEntrySpec>({
  address: string(256),
  ports: mapOf(uint32, 128),
  labels: mapOf(string(), 256),
  network: string(2048),
  locality: string(2048),
  weight: uint32,
  serviceAccount: string(253),
})

export const decodeServiceEntrySpec = message<ServiceEntrySpec>({
  hosts: required(list(string(), { maxItems: 256 })),
  addresses: list(string(64), { maxItems: 256 }),
  ports: list(decodeServicePort, { maxItems: 256, nullText: 'service entry port may not be null' }),
  location: oneOf(['MESH_EXTERNAL', 'MESH_INTERNAL']),
  resolution: oneOf(['NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS']),
  endpoints: list(decodeWorkloadEntrySpec, { maxItems: 4096, nullText: 'endpoint cannot be nil' }),
  workloadSelector: optional(message({ labels: mapOf(string(), 256) })),
  exportTo: list(string()),
  subjectAltNames: list(string()),
})
