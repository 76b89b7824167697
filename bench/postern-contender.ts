import { join } from 'node:path'
import type { Contender } from './contender.ts'

/** Postern's proxy alone: src/proxy behind real sockets, with the original destination told instead of asked. */
export const POSTERN: Contender = {
  name: 'Postern',
  absence: 'always here',
  command(ports, upstream, directory) {
    const program = join(import.meta.dirname, 'postern-proxy.ts')
    const pairs = [ports.echo, upstream.echo, ports.source, upstream.source, ports.http, upstream.http].map(String)
    // As bin/postern starts it.
    const flags = [
      '--disable-warning=ExperimentalWarning',
      '--single-threaded-gc',
      '--v8-pool-size=1',
      '--no-allocation-site-pretenuring',
      '--max-inlined-bytecode-size-cumulative=2000',
    ]
    return [process.execPath, ...flags, program, join(directory, 'postern-access.log'), ...pairs]
  },
}
