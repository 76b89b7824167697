/**
 * Postern's proxy alone, behind plain sockets: `node bench/postern-proxy.ts LOG (LISTEN UPSTREAM){3}`, in the order of echo, source and web.
 * A sidecar asks the kernel where each connection was going; here the listening port tells.
 */
import { createServer } from 'node:net'
import { AccessLogs } from '#proxy/access-log/access-logs.ts'
import { SystemResolver } from '#proxy/cluster/system-resolver.ts'
import { compileResources } from '#proxy/config/compile-resources.ts'
import { NO_NAMES } from '#proxy/dns/name-lookup.ts'
import { createHttpFactory } from '#proxy/http/connection-manager.ts'
import { EgressProxy } from '#proxy/proxy.ts'
import { meshResources } from './configuration.ts'

const [logFile = '/dev/null', ...numbers] = process.argv.slice(2)
const [echo = 0, echoTo = 0, source = 0, sourceTo = 0, http = 0, httpTo = 0] = numbers.map(Number)

function unexpected(): never {
  throw new Error('nothing is denied in a benchmark')
}

const logs = new AccessLogs({ hostname: 'bench', environment: {}, onFault: (fault) => console.error(fault.message) })
const proxy = new EgressProxy({
  resolver: new SystemResolver(),
  names: NO_NAMES,
  // A connection that ends without a byte (whether the port is open?) is no HTTP. Were a load denied, it would see errors.
  denier: { takeOver: (connection) => connection.destroy() },
  createHttpConnectionManager: createHttpFactory({ http: unexpected }),
  accessLogger: (configs) => logs.logger(configs),
  originalDestination: () => undefined,
})
const { config, errors } = compileResources(
  meshResources({ echo, source, http }, { echo: echoTo, source: sourceTo, http: httpTo }, logFile),
)
if (errors.length > 0) throw new Error(errors.join('\n'))
proxy.applyConfig(config)
for (const port of [echo, source, http]) {
  const server = createServer()
  server.listen(port, '127.0.0.1', () => proxy.listen(server))
}
