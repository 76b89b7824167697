import { Resolver as DnsClient } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { parseResolvConf } from '#proxy/dns/resolv-conf.ts'
import { HostsFile } from './hosts-file.ts'
import type { Resolution, Resolver } from './resolver.ts'
import { settledPath } from './settled-path.ts'

/** How long a line of /etc/hosts may be believed before the file is looked at again. */
const HOSTS_TTL_SECONDS = 5

/** Answers that say that there is nothing, rather than that nobody answered. */
const NO_SUCH_ADDRESS: ReadonlySet<unknown> = new Set(['ENODATA', 'ENOTFOUND'])

/** The machine's resolver as getaddrinfo users know it: /etc/hosts first, then the name servers of resolv.conf, with TTLs. */
export class SystemResolver implements Resolver {
  private readonly servers: readonly string[] | undefined
  private readonly resolvConf: string
  private readonly hosts: HostsFile
  private client: DnsClient

  /** @param options.servers "ip" or "ip:port"; default: those of `resolvConfPath`, which is /etc/resolv.conf by default */
  constructor(
    options: {
      readonly servers?: readonly string[]
      readonly hostsPath?: string
      readonly resolvConfPath?: string
    } = {},
  ) {
    this.servers = options.servers
    this.resolvConf = settledPath(options.resolvConfPath ?? '/etc/resolv.conf')
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

  private nameServers(): readonly string[] {
    try {
      return parseResolvConf(readFileSync(this.resolvConf, 'utf8')).map(({ address }) => address)
    } catch {
      return ['127.0.0.1']
    }
  }

  private createClient(): DnsClient {
    const client = new DnsClient({ timeout: 2000, tries: 2 })
    client.setServers(this.servers ?? this.nameServers())
    return client
  }
}
