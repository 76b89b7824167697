import { createSocket } from 'node:dgram'
import { createServer, type Socket } from 'node:net'
import { type Answer, decode, encode, type Packet, streamEncode } from 'dns-packet'
import { listening } from './listening.ts'
import { recordOf } from './zone.ts'

const AUTHORITATIVE = 1 << 10
const RECURSION_AVAILABLE = 1 << 7
const NXDOMAIN = 3

/** Receives "TYPE name" for every question that reaches the world's resolver. */
export type QueryLog = (line: string) => void

/** Answers the zone over UDP and TCP on port 53 of `address`; names outside the zone do not exist. */
export async function startDnsServer(address: string, log: QueryLog): Promise<void> {
  const rotation = new Map<string, number>()
  const reply = (request: Buffer): Packet | undefined => answer(request, rotation, log)

  const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  udp.on('message', (request, peer) => {
    const packet = reply(request)
    if (packet !== undefined) udp.send(encode(packet), peer.port, peer.address)
  })
  await new Promise<void>((resolve, reject) => {
    udp.once('error', reject)
    udp.bind(53, address, resolve)
  })
  await listening(
    createServer((socket) => serveStream(socket, reply)),
    53,
    address,
  )
}

function serveStream(socket: Socket, reply: (request: Buffer) => Packet | undefined): void {
  let held: Buffer = Buffer.alloc(0)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    held = Buffer.concat([held, chunk])
    while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
      const end = 2 + held.readUInt16BE(0)
      const packet = reply(held.subarray(2, end))
      held = held.subarray(end)
      if (packet !== undefined) socket.write(streamEncode(packet))
    }
  })
}

function answer(request: Buffer, rotation: Map<string, number>, log: QueryLog): Packet | undefined {
  let query: Packet
  try {
    query = decode(request)
  } catch {
    return undefined
  }
  const question = query.questions?.[0]
  if (question === undefined) return undefined
  log(`${question.type} ${question.name}`)
  const record = recordOf(question.name)
  const flags = AUTHORITATIVE | RECURSION_AVAILABLE | ((query.flags ?? 0) & 0x100)
  const answers: Answer[] = []
  if (record !== undefined && (question.type === 'A' || question.type === 'AAAA')) {
    const type = question.type
    const all = type === 'A' ? record.a : record.aaaa
    const turn = rotation.get(question.name) ?? 0
    if (record.rotates) rotation.set(question.name, turn + 1)
    const chosen = record.rotates && all.length > 0 ? [all[turn % all.length] as string] : all
    for (const data of chosen) answers.push({ type, name: question.name, ttl: record.ttl, data })
  }
  return {
    id: query.id ?? 0,
    type: 'response',
    flags: flags | (record === undefined ? NXDOMAIN : 0),
    questions: [question],
    answers,
  }
}
