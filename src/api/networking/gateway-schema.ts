import { described, list, mapOf, message, optional, required, string, uint32 } from '#api/schema/decode.ts'
import type { GatewayServer, GatewaySpec, ServerPort } from './gateway.ts'
import { decodeServerTls } from './server-tls-schema.ts'

/** Fields and defaults of a Gateway's spec (spec 1.5). */

const decodeServerPort = message<ServerPort>({
  number: described('Number of the port.', required(uint32)),
  protocol: described(
    'Protocol: HTTP, HTTPS, GRPC, GRPC-WEB, HTTP2, MONGO, REDIS, MYSQL, TCP or TLS.',
    required(string()),
  ),
  name: described('Name of the port, of its own among the servers.', required(string())),
  targetPort: described('Deprecated, and refused.', uint32),
})

const decodeServer = message<GatewayServer>({
  port: described('Port to listen on.', required(optional(decodeServerPort))),
  bind: described('Address or Unix socket to listen on; every address when absent.', string()),
  hosts: described(
    'Hosts that are served, NAMESPACE/HOST or HOST; *. in front stands for all below.',
    required(list(string())),
  ),
  tls: described('How the server speaks TLS.', optional(decodeServerTls)),
  defaultEndpoint: described('Where traffic goes that no route takes.', string()),
  name: described('Name of the server, for statistics.', string()),
})

export const decodeGatewaySpec = message<GatewaySpec>({
  servers: described('What is listened for.', list(decodeServer, { nullText: 'server may not be null' })),
  selector: described('Labels of the proxies that listen; all gateways when absent.', mapOf(string())),
})
