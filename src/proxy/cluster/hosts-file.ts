import { readFile, stat } from 'node:fs/promises'
import { isIP } from 'node:net'
import { settledPath } from './settled-path.ts'

/** The names of /etc/hosts, read again when the file changes. */
export class HostsFile {
  private readonly path: string
  private stamp = ''
  private ipsByName: ReadonlyMap<string, readonly string[]> = new Map()

  constructor(path = '/etc/hosts') {
    this.path = settledPath(path)
  }

  /** Addresses of one family for a name, lower case; empty when the file does not name it or cannot be read. */
  async addressesOf(name: string, family: 4 | 6): Promise<readonly string[]> {
    await this.refresh()
    return (this.ipsByName.get(name) ?? []).filter((ip) => isIP(ip) === family)
  }

  private async refresh(): Promise<void> {
    try {
      const { mtimeMs, size, ino } = await stat(this.path)
      const stamp = `${mtimeMs} ${size} ${ino}`
      if (stamp === this.stamp) return
      this.ipsByName = parseHosts(await readFile(this.path, 'utf8'))
      this.stamp = stamp
    } catch {
      // No hosts file, no names of it: DNS goes on.
      this.ipsByName = new Map()
      this.stamp = ''
    }
  }
}

/** hosts(5): an address, then names, comments behind "#"; lines without a valid address are passed over. */
export function parseHosts(text: string): Map<string, string[]> {
  const ipsByName = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [ip = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    if (isIP(ip) === 0) continue
    for (const name of names) {
      const key = name.toLowerCase()
      const ips = ipsByName.get(key)
      if (ips === undefined) ipsByName.set(key, [ip])
      else if (!ips.includes(ip)) ips.push(ip)
    }
  }
  return ipsByName
}
