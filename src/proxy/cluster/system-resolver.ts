import { Resolver as DnsClient } from 'node:dns/promises'
import { HostsFile } from './hosts-file.ts'
import type { Resolution, Resolver } from './resolver.ts'

/** How long a line of /etc/hosts may be believed before the file is looked at again. */
const HOSTS_TTL_SECONDS = 5

/** Answers that say that there is nothing, rather than that nobody answered. */
const NO_SUCH_ADDRESS: ReadonlySet<unknown> = new Set(['ENODATA', 'ENOTFOUND'])

/** The machine's resolver as getaddrinfo users know it: /etc/hosts first, then the name servers of resolv.conf, with TTLs. */
export class SystemResolver implements Resolver {
  private readonly servers: readonly string[] | undefined
  private readonly hosts: HostsFile
  private client: DnsClient

  /** @param options.servers "ip" or "ip:port"; default: those of /etc/resolv.conf */
  constructor(options: { readonly servers?: readonly string[]; readonly hostsPath?: string } = {}) {
    this.servers = options.servers
    this.hosts = new HostsFile(options.hostsPath)
    this.client = this.createClient()
  }

  async resolve(name: string, family: 4 | 6): Promise<Resolution> {
    const plain = name.toLowerCase().replace(/\.$/, '')
    const local = await this.hosts.addressesOf(plain, family)
    if (local.length > 0) return { addresses: local.map((ip) => ({ ip, ttlSeconds: HOSTS_TTL_SECONDS })) }
    const { client } = this
    try {
      const records =
        family === 4 ? await client.resolve4(plain, { ttl: true }) : await client.resolve6(plain, { ttl: true })
      return { addresses: records.map((record) => ({ ip: record.address, ttlSeconds: record.ttl })) }
    } catch (error) {
      if (NO_SUCH_ADDRESS.has((error as NodeJS.ErrnoException).code)) return { addresses: [] }
      // The machine may have moved to another network: the next question reads resolv.conf anew.
      if (client === this.client) this.client = this.createClient()
      throw error
    }
  }

  private createClient(): DnsClient {
    const client = new DnsClient({ timeout: 2000, tries: 2 })
    if (this.servers !== undefined) client.setServers(this.servers)
    return client
  }
}
