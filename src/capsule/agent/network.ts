import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { Fault } from '#base/fault.ts'
import { rootCommand } from '#capsule/root-command.ts'

/** Where the namespace's rules send outbound TCP, and DNS. Both are opened on loopback only. */
export const outboundPort = 15001
export const dnsPort = 15053

/**
 * The namespace's own addresses, of ranges that nothing outside uses. Besides loopback there has to be one of each family: resolvers
 * that are asked for configured families only (AI_ADDRCONFIG) otherwise answer nothing. A unique local one, so that IPv4 is dialled first.
 */
const ownIpv4 = '240.240.255.1'
const ownIpv6 = 'fd00:240:240::1'

/** DNS packets per second that reach the sidecar; what exceeds it is dropped before it costs a conntrack entry. */
const dnsPacketsPerSecond = 20_000

/** Destinations of refused datagrams that are remembered, of each family; the warden reads them out at the end. */
const refusedDestinations = 256

/**
 * Makes every address local and redirects what may be carried. The namespace has no interface but `lo`, so these rules
 * decide only how a refusal looks: without them, or without the sidecar, nothing leaves either.
 */
export async function buildNetwork(hasIpv6: boolean): Promise<void> {
  // Programs bind ports below 1024 of their own namespace without holding a capability.
  setSysctl('net/ipv4/ip_unprivileged_port_start', '0')
  if (hasIpv6) for (const scope of ['all', 'lo']) setSysctl(`net/ipv6/conf/${scope}/disable_ipv6`, '0')
  const routes = ['link set lo up', `addr add ${ownIpv4}/32 dev lo`, 'route add local 0.0.0.0/0 dev lo']
  if (hasIpv6) routes.push(`addr add ${ownIpv6}/128 dev lo nodad`, 'route add local ::/0 dev lo')
  await Promise.all([feed('ip', ['-batch', '-'], `${routes.join('\n')}\n`), feed('nft', ['-f', '-'], rules())])
}

/** Whether this kernel speaks IPv6 at all. */
export function kernelHasIpv6(): boolean {
  return existsSync('/proc/sys/net/ipv6')
}

/**
 * DNS goes to the mesh whatever address it was sent to, loopback included. Priority -300 is before conntrack.
 * Replies of the redirected listeners carry `ct status dnat`; errors made by `reject` are `related`.
 */
function rules(): string {
  return `table inet postern {
  set refused_udp4 {
    type ipv4_addr . inet_service; size ${refusedDestinations}; flags dynamic;
  }
  set refused_udp6 {
    type ipv6_addr . inet_service; size ${refusedDestinations}; flags dynamic;
  }
  chain flood {
    type filter hook output priority -300; policy accept;
    udp dport 53 limit rate over ${dnsPacketsPerSecond}/second burst ${dnsPacketsPerSecond} packets drop
  }
  chain carried {
    type nat hook output priority -100; policy accept;
    udp dport 53 redirect to :${dnsPort}
    tcp dport 53 redirect to :${dnsPort}
    ip daddr 127.0.0.0/8 accept
    ip6 daddr ::1 accept
    meta l4proto tcp redirect to :${outboundPort}
  }
  chain refused {
    type filter hook output priority 0; policy drop;
    ct status dnat accept
    ct state related accept
    ip daddr 127.0.0.0/8 accept
    ip6 daddr ::1 accept
    meta l4proto tcp reject with tcp reset
    meta nfproto ipv4 meta l4proto udp add @refused_udp4 { ip daddr . udp dport }
    meta nfproto ipv6 meta l4proto udp add @refused_udp6 { ip6 daddr . udp dport }
    reject with icmpx admin-prohibited
  }
}
`
}

function setSysctl(name: string, value: string): void {
  try {
    writeFileSync(`/proc/sys/${name}`, value)
  } catch {
    // A kernel without this setting has the behaviour we want, or the step that needs it fails and says so.
  }
}

/** Runs a tool with `input`; a failure carries what the tool said. */
function feed(tool: 'ip' | 'nft', args: readonly string[], input: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // The agent's own environment is one of Postern's: its PATH leads to the system's tools.
    const env = { PATH: process.env.PATH, LC_ALL: 'C' }
    const child = spawn(tool, args, { stdio: ['pipe', 'ignore', 'pipe'], env })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    child.on('error', (cause) => {
      reject(new Fault('capsule/tool-missing', `cannot run "${tool}": ${cause.message}`, { mend: mendOf(tool) }))
    })
    child.on('close', (code) => {
      if (code === 0) resolve()
      else
        reject(
          new Fault('capsule/network', `"${tool} ${args.join(' ')}" failed with code ${code}: ${said.trim()}`, {
            mend: 'postern doctor',
          }),
        )
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}

function mendOf(tool: 'ip' | 'nft'): string {
  return rootCommand(`apt-get install -y ${tool === 'ip' ? 'iproute2' : 'nftables'}`)
}
