import {
  type Decode,
  described,
  list,
  mapOf,
  message,
  oneOf,
  optional,
  required,
  string,
  uint32,
} from '#api/schema/decode.ts'
import { decodeConnectionPool } from './connection-pool.ts'
import { decodeDestination } from './destination.ts'
import type { ServerPort } from './gateway.ts'
import { decodeServerTls } from './server-tls-schema.ts'
import type { CaptureMode, EgressListener, IngressListener, SidecarOutboundPolicy, SidecarSpec } from './sidecar.ts'

/** Fields and defaults of a Sidecar's spec (spec 1.6). */

const decodeSidecarPort = message<ServerPort>({
  number: described('Number of the port; 0 for a Unix socket.', uint32),
  protocol: described('Protocol: HTTP, HTTPS, GRPC, HTTP2, MONGO, TCP or TLS; found out when absent.', string()),
  name: described('Name of the port.', string()),
  targetPort: described('Deprecated.', uint32),
})

const decodeCaptureMode: Decode<CaptureMode> = described(
  'Whether traffic is redirected to the listener, or comes by itself.',
  oneOf(['DEFAULT', 'IPTABLES', 'NONE']),
)

const decodeIngressListener = message<IngressListener>({
  port: described('Port that others call.', required(optional(decodeSidecarPort))),
  bind: described('Address to listen on.', string()),
  captureMode: decodeCaptureMode,
  defaultEndpoint: described('Where the workload listens: 127.0.0.1:PORT, 0.0.0.0:PORT or unix://PATH.', string()),
  tls: described('TLS that ends at the sidecar, for callers outside of the mesh.', optional(decodeServerTls)),
  connectionPool: described('Limits on connections to the workload at this port.', optional(decodeConnectionPool)),
})

const decodeEgressListener = message<EgressListener>({
  port: described('Port that the workload calls; every port when absent.', optional(decodeSidecarPort)),
  bind: described('Address or Unix socket to listen on.', string()),
  captureMode: decodeCaptureMode,
  hosts: described(
    'Hosts that can be reached, NAMESPACE/HOST; * is every namespace, . the own one, ~ none.',
    required(list(string())),
  ),
})

const decodeOutboundPolicy = message<SidecarOutboundPolicy>({
  mode: described(
    'Whether only what is known can be reached, or anything.',
    oneOf(['REGISTRY_ONLY', 'ALLOW_ANY', 'ALLOW_ANY_DYNAMIC_DNS']),
  ),
  egressProxy: described('Service that traffic to unknown destinations goes through.', optional(decodeDestination)),
})

export const decodeSidecarSpec = message<SidecarSpec>({
  workloadSelector: described(
    'Workloads that this is for; all of the namespace when absent.',
    optional(message({ labels: described('Labels of the workloads.', mapOf(string(), 256)) })),
  ),
  ingress: described(
    'What the sidecar listens for on behalf of the workload.',
    list(decodeIngressListener, { nullText: 'sidecar: ingress listener may not be null' }),
  ),
  egress: described(
    'What the workload can reach.',
    list(decodeEgressListener, { nullText: 'sidecar: egress listener may not be null' }),
  ),
  outboundTrafficPolicy: described('What becomes of traffic to unknown destinations.', optional(decodeOutboundPolicy)),
  inboundConnectionPool: described('Limits on connections to the workload.', optional(decodeConnectionPool)),
})
