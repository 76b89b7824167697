import {
  type Decode,
  described,
  int32,
  list,
  mapOf,
  message,
  oneofCase,
  optional,
  required,
  shaped,
  string,
  uint32,
} from '#api/schema/decode.ts'
import { decodeWorkloadEntrySpec } from '#api/service-entry-schema.ts'
import type { ProbeMethod, ReadinessProbe, WorkloadGroupSpec } from './workload-group.ts'

/** Fields and defaults of a WorkloadGroup's spec (spec 1.2). */

const decodeHttpGet = message({
  path: described('Path that is asked for.', string()),
  port: described('Port that is asked.', required(uint32)),
  host: described('Host that is asked; the workload itself when absent.', string()),
  scheme: described('HTTP or HTTPS.', string()),
  httpHeaders: described(
    'Headers of the request.',
    list(
      message({
        name: described('Name of the header.', string()),
        value: described('Value of the header.', string()),
      }),
    ),
  ),
})

const decodeTcpSocket = message({
  host: described('Host that is connected to; the workload itself when absent.', string()),
  port: described('Port that is connected to.', required(uint32)),
})

interface WrittenProbe extends Omit<ReadinessProbe, 'method'> {
  readonly httpGet: (typeof decodeHttpGet extends Decode<infer T> ? T : never) | undefined
  readonly tcpSocket: { readonly host: string; readonly port: number } | undefined
  readonly exec: { readonly command: readonly string[] } | undefined
  readonly grpc: { readonly port: number; readonly service: string } | undefined
}

const decodeWrittenProbe = message<WrittenProbe>({
  initialDelaySeconds: described('Seconds before the first probe.', int32),
  timeoutSeconds: described('Seconds after which a probe has failed; 1 when 0.', int32),
  periodSeconds: described('Seconds between probes; 10 when 0.', int32),
  successThreshold: described('Successes in a row that make a workload ready again; 1 when 0.', int32),
  failureThreshold: described('Failures in a row that make it unready; 3 when 0.', int32),
  httpGet: described('Asks over HTTP.', optional(decodeHttpGet)),
  tcpSocket: described('Connects.', optional(decodeTcpSocket)),
  exec: described(
    'Runs a command.',
    optional(message({ command: described('The command and its arguments.', required(list(string()))) })),
  ),
  grpc: described(
    'Asks over gRPC.',
    optional(
      message({
        port: described('Port that is asked.', uint32),
        service: described('Service that is asked about.', string()),
      }),
    ),
  ),
})

const METHODS = ['httpGet', 'tcpSocket', 'exec', 'grpc'] as const

const decodeProbe: Decode<ReadinessProbe> = shaped(decodeWrittenProbe, (written, path, report) => {
  const { httpGet, tcpSocket, exec, grpc, ...others } = written
  const method = oneofCase(written, 'health_check_method', METHODS, path, report)
  return { ...others, method: method && methodOf(written, method) }
})

function methodOf({ httpGet, tcpSocket, exec, grpc }: WrittenProbe, method: (typeof METHODS)[number]): ProbeMethod {
  switch (method) {
    case 'httpGet': {
      const { httpHeaders, ...others } = httpGet!
      return { kind: 'http', ...others, headers: httpHeaders }
    }
    case 'tcpSocket':
      return { kind: 'tcp', ...tcpSocket! }
    case 'exec':
      return { kind: 'exec', ...exec! }
    case 'grpc':
      return { kind: 'grpc', ...grpc! }
  }
}

export const decodeWorkloadGroupSpec = message<WorkloadGroupSpec>({
  metadata: described(
    'Labels and annotations that the entries of the group get.',
    optional(
      message({
        labels: described('Labels of the entries.', mapOf(string(), 256)),
        annotations: described('Annotations of the entries.', mapOf(string(), 256)),
      }),
    ),
  ),
  template: described('What the entries of the group have in common.', required(optional(decodeWorkloadEntrySpec))),
  probe: described('How an entry is found ready.', optional(decodeProbe)),
})
