import { execFileSync, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * The outside that hostile programs try to reach: a private network namespace in which every address is local and leads
 * to a witness. Whatever the witness hears has escaped. It answers `witness`, so the program knows it, too.
 */
const mark = 'POSTERN_ESCAPE_WORLD'
const tcpPort = 9001
const udpPort = 9002
/** Datagrams of a program that has ended may still be in the witness's queue. */
const quietMs = 100

/** Runs this test file again inside a new world and ends with its exit code; returns once inside. */
export function enterWorld(file: string): void {
  if (process.env[mark] !== undefined) return
  const isRoot = process.getuid?.() === 0
  const user = isRoot ? [] : ['--user', '--map-root-user']
  const processes = ['--pid', '--fork', '--kill-child', '--mount-proc']
  const args = [...user, '--net', '--mount', '--ipc', ...processes, process.execPath, ...process.execArgv, file]
  const { status } = spawnSync('unshare', args, {
    stdio: 'inherit',
    env: { ...process.env, [mark]: isRoot ? 'root' : 'user' },
  })
  process.exit(status ?? 1)
}

/** Who can be tried: root and an ordinary user, or only the one who runs the tests. */
export function identities(): readonly Identity[] {
  if (process.env[mark] !== 'root') return [{ name: 'the user who runs the tests', prefix: [], isPrivileged: true }]
  const ordinary = [
    'setpriv',
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    '--bounding-set=-all',
    '--inh-caps=-all',
  ]
  return [
    { name: 'root', prefix: [], isPrivileged: true },
    { name: 'an ordinary user', prefix: ordinary, isPrivileged: false },
  ]
}

export interface Identity {
  readonly name: string
  /** What starts a program as this user. */
  readonly prefix: readonly string[]
  /** Whether the user holds capabilities in the world, when not sealed. */
  readonly isPrivileged: boolean
}

export interface Witness {
  /** What arrived since the last look: one entry for each connection or datagram. Waits until nothing more is on its way. */
  take(): Promise<readonly string[]>
  close(): void
}

export async function startWitness(): Promise<Witness> {
  const routes = [
    'link set lo up',
    'addr add 192.0.2.1/32 dev lo',
    'route add local 0.0.0.0/0 dev lo',
    'route add local ::/0 dev lo',
  ]
  execFileSync('ip', ['-batch', '-'], { input: `${routes.join('\n')}\n` })
  execFileSync('nft', ['-f', '-'], {
    input: `table inet witness { chain heard { type nat hook output priority -100;
      ip daddr 127.0.0.0/8 accept
      ip6 daddr ::1 accept
      meta l4proto tcp redirect to :${tcpPort}
      meta l4proto udp redirect to :${udpPort}
    }
    }
`,
  })
  // An ordinary user's world knows one group.
  writeFileSync('/proc/sys/net/ipv4/ping_group_range', process.env[mark] === 'root' ? '0 65534' : '0 0')
  let heard: string[] = []
  const tcp = createServer((socket) => {
    heard.push(`tcp from ${socket.remoteAddress}`)
    socket.on('error', () => undefined)
    socket.end('witness')
  })
  tcp.listen(tcpPort)
  const udp = (['udp4', 'udp6'] as const).map((type) => {
    const socket = createSocket({ type, ipv6Only: type === 'udp6' })
    socket.on('message', (_, from) => {
      heard.push(`udp from ${from.address}`)
      socket.send('witness', from.port, from.address)
    })
    socket.bind(udpPort)
    return socket
  })
  await Promise.all([tcp, ...udp].map((socket) => once(socket, 'listening')))
  return {
    take: async () => {
      for (let before = -1; before !== heard.length; ) {
        before = heard.length
        await sleep(quietMs)
      }
      const taken = heard
      heard = []
      return taken
    },
    close: () => {
      for (const socket of [tcp, ...udp]) socket.close()
    },
  }
}
