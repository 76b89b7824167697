import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import packet from 'dns-packet'
import fc from 'fast-check'
import type { Nameserver } from './exchange.ts'
import { type Question, questionOf } from './query.ts'
import { parseResolvConf } from './resolv-conf.ts'
import { aged, readResponse } from './upstream-answer.ts'
import { UpstreamResolver } from './upstream-resolver.ts'

/** What a pretend name server does with a query; undefined: nothing. */
type Serve = (query: packet.DecodedPacket, transport: 'udp' | 'tcp') => packet.Packet | Buffer | undefined

/** A name server on loopback, UDP and TCP on one port, and the queries that it has seen. */
async function nameserver(t: TestContext, serve: Serve): Promise<Nameserver & { seen: string[] }> {
  const seen: string[] = []
  const reply = (bytes: Buffer, transport: 'udp' | 'tcp') => {
    const query = packet.decode(bytes)
    seen.push(`${transport} ${query.questions?.[0]?.name}`)
    const response = serve(query, transport)
    return response === undefined || Buffer.isBuffer(response)
      ? response
      : packet.encode({ ...response, type: 'response' })
  }
  const tcp = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      const response = reply(chunk.subarray(2), 'tcp')
      if (response === undefined) return
      const framed = Buffer.concat([Buffer.from([response.length >> 8, response.length & 255]), response])
      socket.write(framed.subarray(0, 3))
      setTimeout(() => socket.write(framed.subarray(3)), 10)
    })
  }).listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  const { port } = tcp.address() as AddressInfo
  const udp = createSocket('udp4').bind(port, '127.0.0.1')
  await once(udp, 'listening')
  udp.on('message', (bytes, from) => {
    const response = reply(bytes, 'udp')
    if (response !== undefined) udp.send(response, from.port, from.address)
  })
  t.after(() => {
    udp.close()
    tcp.close()
  })
  return { address: '127.0.0.1', port, seen }
}

function question(name: string, type = 1): Question {
  return questionOf(name, type) as Question
}

function answering(query: packet.DecodedPacket, ttl: number, data = '192.0.2.1', flags = 0): packet.Packet {
  const asked = query.questions?.[0] ?? { type: 'A', name: '' }
  return { id: query.id, flags, questions: [asked], answers: [{ type: 'A', name: asked.name, data, ttl }] }
}

async function addressesOf(resolver: UpstreamResolver, name: string): Promise<string | undefined> {
  const answer = await resolver.ask(question(name))
  return answer?.addresses.map((address) => [...address].join('.')).join(' ')
}

describe('UpstreamResolver', () => {
  it('asks over UDP, and over TCP when the answer does not fit', async (t) => {
    const server = await nameserver(t, (query, transport) =>
      transport === 'udp' ? { ...answering(query, 60), flags: 1 << 9, answers: [] } : answering(query, 60, '192.0.2.7'),
    )
    const resolver = new UpstreamResolver({ nameservers: [server] })
    assert.equal(await addressesOf(resolver, 'big.example'), '192.0.2.7')
    assert.deepEqual(server.seen, ['udp big.example', 'tcp big.example'])
  })

  it('goes to the next server when one is silent, fails, or is not there', async (t) => {
    const silent = await nameserver(t, () => undefined)
    const failing = await nameserver(t, (query) => ({ id: query.id, flags: 2, questions: query.questions ?? [] }))
    const good = await nameserver(t, (query) => answering(query, 60))
    const nameservers = [silent, failing, { address: '127.0.0.1', port: 1 }, good]
    const resolver = new UpstreamResolver({ nameservers, timeoutMs: 100 })
    assert.equal(await addressesOf(resolver, 'a.example'), '192.0.2.1')
    assert.deepEqual([silent.seen.length, failing.seen.length, good.seen.length], [1, 1, 1])
  })

  it('fails when all of them do, after every round', async (t) => {
    const silent = await nameserver(t, () => undefined)
    const resolver = new UpstreamResolver({ nameservers: [silent], timeoutMs: 50, rounds: 2 })
    assert.equal(await addressesOf(resolver, 'a.example'), undefined)
    assert.equal(silent.seen.length, 2)
    assert.equal(await addressesOf(new UpstreamResolver({ nameservers: [] }), 'a.example'), undefined)
  })

  it('takes no answer that is not to its question', async (t) => {
    const forging = await nameserver(t, (query) => {
      const forged = query.questions?.[0]?.name === 'id.example' ? { id: (query.id ?? 0) ^ 1 } : {}
      const name = query.questions?.[0]?.name === 'name.example' ? 'other.example' : (query.questions?.[0]?.name ?? '')
      return { ...answering(query, 60), ...forged, questions: [{ type: 'A', name }] }
    })
    const resolver = new UpstreamResolver({ nameservers: [forging], timeoutMs: 50, rounds: 1 })
    assert.equal(await addressesOf(resolver, 'id.example'), undefined)
    assert.equal(await addressesOf(resolver, 'name.example'), undefined)
    assert.equal(await addressesOf(resolver, 'good.example'), '192.0.2.1')
  })

  it('asks once for several at the same time, and again when the TTL is over', async (t) => {
    let nowMs = 0
    const server = await nameserver(t, (query) => answering(query, 20))
    const resolver = new UpstreamResolver({ nameservers: [server], now: () => nowMs })
    await Promise.all([1, 2, 3].map(() => addressesOf(resolver, 'a.example')))
    assert.equal(server.seen.length, 1)
    nowMs = 19_000
    const cached = await resolver.ask(question('a.example'))
    assert.equal(server.seen.length, 1)
    assert.deepEqual(
      cached?.ttlOffsets.map((at) => cached.body.readUInt32BE(at)),
      [1],
    )
    nowMs = 20_000
    await addressesOf(resolver, 'a.example')
    assert.equal(server.seen.length, 2)
  })

  it('keeps a negative answer for as long as the SOA record says', async (t) => {
    let nowMs = 0
    const soa = { mname: 'ns.example', rname: 'root.example', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 5 }
    const server = await nameserver(t, (query) => ({
      id: query.id,
      flags: 3,
      questions: query.questions ?? [],
      authorities: [{ type: 'SOA', name: 'example', ttl: 60, data: soa }],
    }))
    const resolver = new UpstreamResolver({ nameservers: [server], now: () => nowMs })
    for (const at of [0, 4_999, 5_000]) {
      nowMs = at
      assert.equal((await resolver.ask(question('no.example')))?.rcode, 3)
    }
    assert.equal(server.seen.length, 2)
  })

  it('serves what it knew while nobody answers', async (t) => {
    let nowMs = 0
    let answers = true
    const server = await nameserver(t, (query) => (answers ? answering(query, 10) : undefined))
    const resolver = new UpstreamResolver({ nameservers: [server], timeoutMs: 30, rounds: 1, now: () => nowMs })
    await addressesOf(resolver, 'a.example')
    answers = false
    nowMs = 60_000
    const stale = await resolver.ask(question('a.example'))
    assert.deepEqual(
      stale?.ttlOffsets.map((at) => stale.body.readUInt32BE(at)),
      [30],
    )
    nowMs = 3 * 86_400_000
    assert.equal(await addressesOf(resolver, 'a.example'), undefined)
  })

  it('gives up at once when it is closed', async (t) => {
    const silent = await nameserver(t, () => undefined)
    const resolver = new UpstreamResolver({ nameservers: [silent], timeoutMs: 60_000 })
    const asked = addressesOf(resolver, 'a.example')
    resolver.close()
    assert.equal(await asked, undefined)
  })
})

describe('readResponse', () => {
  const asked = question('a.example')
  const sound = packet.encode({
    type: 'response',
    id: 9,
    questions: [{ type: 'A', name: 'a.example' }],
    answers: [
      { type: 'CNAME', name: 'a.example', data: 'b.example', ttl: 300 },
      { type: 'A', name: 'b.example', data: '192.0.2.1', ttl: 7 },
      { type: 'MX', name: 'b.example', data: { exchange: 'mx.example', preference: 1 }, ttl: 9 },
    ],
  })

  it('never throws, and what it lets through can be decoded', () => {
    const edits = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { maxLength: 4 })
    fc.assert(
      fc.property(edits, fc.nat(sound.length), (changes, cut) => {
        const bytes = Buffer.from(sound)
        for (const [at, byte] of changes) bytes[at] = byte
        const read = readResponse(bytes.subarray(0, sound.length - (cut % 3)), 9, asked)
        if (read.kind !== 'answer') return
        const { body, answers, authorities, ttlOffsets } = read.answer
        // The data of other types is passed on unread, as resolvers do.
        if (ttlOffsets.some((at) => ![1, 2, 5, 6, 12, 15, 28, 33, 39].includes(body.readUInt16BE(at - 4)))) return
        const header = Buffer.from([0, 0, 0x80, 0, 0, 1, 0, answers, 0, authorities, 0, 0])
        assert.equal(packet.decode(Buffer.concat([header, aged(read.answer, 3)])).answers?.length, answers)
        assert.equal(body.length, aged(read.answer, 3).length)
      }),
      { numRuns: 5000 },
    )
  })

  it('holds for the least TTL of the answer', () => {
    const read = readResponse(sound, 9, asked)
    assert.equal(read.kind === 'answer' && read.answer.ttl, 7)
  })
})

describe('parseResolvConf', () => {
  it('finds up to three servers, comments and nonsense aside', () => {
    const text =
      '# nameserver 9.9.9.9\nsearch example.com\nnameserver 127.0.0.53\n nameserver fe80::1%eth0 \nnameserver nonsense\nnameserver 10.0.0.1\nnameserver 10.0.0.2\n'
    assert.deepEqual(
      parseResolvConf(text).map((server) => server.address),
      ['127.0.0.53', 'fe80::1%eth0', '10.0.0.1'],
    )
    assert.deepEqual(parseResolvConf('options edns0\n'), [{ address: '127.0.0.1', port: 53 }])
  })
})
