import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The address that everything in the world calls from, unless it chooses another. */
const CLIENT_ADDRESS = '10.77.0.1'
/** IPv6 sockets bind to addresses of an interface only, so those that servers use are named one by one. */
const IPV6_ADDRESSES: readonly string[] = ['2001:db8::40', '2001:db8::80']
/** The world's resolver, on port 53. */
export const RESOLVER_ADDRESS = '192.0.2.53'

/** Every prefix whose addresses are this world's own: they lead to `lo`, never out of the machine. */
const LOCAL_PREFIXES: readonly string[] = [
  '91.198.174.192/27',
  '103.102.166.224/27',
  '198.35.26.96/27',
  '208.80.153.224/27',
  '208.80.154.224/27',
  '34.66.10.0/24',
  '142.250.0.0/16',
  '192.0.2.0/24',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '2001:db8::/32',
]

/** Makes the loopback interface of this (new, empty) network namespace stand for the internet. Needs to be its root. */
export function bringUpNetwork(prefixes: readonly string[] = LOCAL_PREFIXES): void {
  const commands = [
    'link set lo up',
    `addr add ${CLIENT_ADDRESS}/32 dev lo`,
    ...IPV6_ADDRESSES.map((address) => `addr add ${address}/128 dev lo nodad`),
    ...prefixes.map(
      (prefix) => `route add local ${prefix} dev lo${prefix.includes(':') ? '' : ` src ${CLIENT_ADDRESS}`}`,
    ),
  ]
  execFileSync('ip', ['-batch', '-'], { input: `${commands.join('\n')}\n`, stdio: ['pipe', 'ignore', 'inherit'] })
}

/** Lets every program of this mount namespace ask the world's resolver. */
export function bindResolver(directory: string): void {
  const file = join(directory, 'resolv.conf')
  writeFileSync(file, `nameserver ${RESOLVER_ADDRESS}\noptions timeout:2 attempts:2\n`, { mode: 0o644 })
  execFileSync('mount', ['--bind', file, '/etc/resolv.conf'])
}
