import { appendFileSync, chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority } from './certificates.ts'
import { startDnsServer } from './dns-server.ts'
import { startEchoServer, startGreetingServer } from './echo-server.ts'
import { MARIADB_SERVERS, startMariadb } from './mariadb.ts'
import { startMongoStandIn } from './mongo-stand-in.ts'
import { bindResolver, bringUpNetwork, RESOLVER_ADDRESS } from './network.ts'
import { SITES } from './sites.ts'
import { startSite } from './web-server.ts'

export interface WorldOptions {
  /** Starts the two MariaDB servers too (Debian's mariadb-server). */
  readonly mariadb: boolean
}

/** A pretend internet in the network and mount namespace of this process. */
export interface World {
  /** Holds ca.pem, queries.log ("A name" a line) and arrivals.log ("tls 91.198.174.192:443" a line). */
  readonly directory: string
  /** What programs in the world need in order to trust its certificates and to find its logs. */
  readonly env: Readonly<Record<string, string>>
  /** Removes the directory; the servers end with this process. */
  close(): void
}

/** Builds the world around this process, which must be root of new network and mount namespaces of its own. */
export async function createWorld(options: WorldOptions): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-world-'))
  chmodSync(directory, 0o755)
  try {
    return await build(directory, options)
  } catch (error) {
    rmSync(directory, { recursive: true, force: true })
    throw error
  }
}

async function build(directory: string, options: WorldOptions): Promise<World> {
  bringUpNetwork()
  bindResolver(directory)
  const bundle = join(directory, 'ca.pem')
  const queries = logFile(join(directory, 'queries.log'))
  const arrivals = logFile(join(directory, 'arrivals.log'))
  const authority = await createAuthority()
  writeFileSync(bundle, authority.cert)
  await Promise.all([
    startDnsServer(RESOLVER_ADDRESS, queries),
    ...SITES.map((site) => startSite(site, authority, arrivals)),
    startEchoServer('34.66.10.40', 9000, arrivals),
    startEchoServer('2001:db8::40', 9000, arrivals),
    startGreetingServer('34.66.10.40', 2525, arrivals),
    startMongoStandIn('34.66.10.30', 27017, arrivals),
    ...(options.mariadb ? [startMariadb(MARIADB_SERVERS, directory)] : []),
  ])
  return {
    directory,
    env: {
      POSTERN_WORLD: directory,
      CURL_CA_BUNDLE: bundle,
      SSL_CERT_FILE: bundle,
      NODE_EXTRA_CA_CERTS: bundle,
      // A mesh that is up outside is not the world's.
      XDG_STATE_HOME: join(directory, 'state'),
    },
    close: () => rmSync(directory, { recursive: true, force: true }),
  }
}

function logFile(path: string): (line: string) => void {
  writeFileSync(path, '', { mode: 0o644 })
  return (line) => appendFileSync(path, `${line}\n`)
}
