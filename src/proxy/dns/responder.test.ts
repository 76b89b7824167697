import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import packet from 'dns-packet'
import fc from 'fast-check'
import { type FixtureOptions, fixtureConfig } from '#test/service-fixture.ts'
import type { Question } from './query.ts'
import { DEFAULT_RESPONDER_LIMITS, DnsResponder, type ResponderLimits } from './responder.ts'
import { readResponse, type UpstreamAnswer } from './upstream-answer.ts'
import type { Upstream } from './upstream-resolver.ts'

const RANGE = { address: '91.198.174.192', prefixLength: 27 }
const WIKIPEDIA = { host: 'wikipedia.org', port: 443, type: 'ORIGINAL_DST', cidrs: [RANGE] } as const

type ZoneRecords = Readonly<Record<string, readonly packet.Answer[]>>

/** A resolver that knows a few records and notes what it is asked. */
class Zone implements Upstream {
  readonly asked: string[] = []
  readonly #records: ZoneRecords

  constructor(records: ZoneRecords) {
    this.#records = records
  }

  async ask(question: Question): Promise<UpstreamAnswer | undefined> {
    const key = `${question.name} ${question.type}`
    this.asked.push(key)
    if (question.name.startsWith('broken')) return undefined
    const answers = this.#records[key]
    const exists = Object.keys(this.#records).some((known) => known.startsWith(`${question.name} `))
    const body = packet.encode({
      type: 'response',
      id: 0,
      flags: exists ? 0 : 3,
      questions: [{ type: typeName(question.type), name: question.name }],
      answers: [...(answers ?? [])],
    })
    const read = readResponse(body, 0, question)
    assert.equal(read.kind, 'answer')
    return read.kind === 'answer' ? read.answer : undefined
  }
}

function typeName(type: number): packet.RecordType {
  return ({ 1: 'A', 16: 'TXT', 28: 'AAAA' } as const)[type as 1] ?? (`UNKNOWN_${type}` as packet.RecordType)
}

const a = (name: string, data: string): packet.Answer => ({ type: 'A', name, data, ttl: 60 })
const aaaa = (name: string, data: string): packet.Answer => ({ type: 'AAAA', name, data, ttl: 60 })

interface Asking {
  readonly responder: DnsResponder
  readonly zone: Zone
  /** Sends one message as over UDP and decodes what comes back. */
  ask(query: packet.Packet): Promise<packet.DecodedPacket>
  /** Addresses of a name, or the response code. */
  addresses(name: string, type?: 'A' | 'AAAA'): Promise<string>
}

function responding(
  config: FixtureOptions | undefined,
  records: ZoneRecords = {},
  limits: ResponderLimits = DEFAULT_RESPONDER_LIMITS,
  now: () => number = () => 0,
): Asking {
  const zone = new Zone(records)
  const responder = new DnsResponder({ upstream: zone, limits, now })
  if (config !== undefined) responder.applyConfig(fixtureConfig(config))
  const ask = (query: packet.Packet) =>
    new Promise<packet.DecodedPacket>((resolve) => {
      responder.answer(packet.encode({ type: 'query', ...query }), 'udp', (answer) => resolve(packet.decode(answer)))
    })
  const addresses = async (name: string, type: 'A' | 'AAAA' = 'A') => {
    const decoded = await ask({ id: 1, questions: [{ type, name }] })
    if ((decoded.flags ?? 0) & 15) return rcodeOfPacket(decoded)
    return (decoded.answers ?? []).map((answer) => ('data' in answer ? String(answer.data) : '')).join(' ')
  }
  return { responder, zone, ask, addresses }
}

function rcodeOfPacket(decoded: packet.DecodedPacket): string {
  return (decoded as unknown as { rcode: string }).rcode
}

describe('known names', () => {
  const config = { names: { 'db.example.com': ['240.240.0.1', '240.240.0.2'] } }

  it('are answered with authority, in the case that was asked', async () => {
    const { ask, zone } = responding(config)
    const reply = await ask({
      id: 7,
      flags: packet.RECURSION_DESIRED,
      questions: [{ type: 'A', name: 'Db.eXample.COM' }],
    })
    assert.equal(reply.id, 7)
    assert.equal(reply.flag_aa, true)
    assert.equal(reply.flag_ra, true)
    assert.equal(reply.questions?.[0]?.name, 'Db.eXample.COM')
    assert.deepEqual(
      reply.answers?.map((answer) => [answer.name, answer.type, 'ttl' in answer && answer.ttl]),
      [
        ['Db.eXample.COM', 'A', 30],
        ['Db.eXample.COM', 'A', 30],
      ],
    )
    assert.deepEqual(zone.asked, [])
  })

  it('are answered in any order', async () => {
    const { addresses } = responding(config)
    const seen = new Set<string>()
    for (let round = 0; round < 100; round += 1) seen.add(await addresses('db.example.com'))
    assert.deepEqual([...seen].sort(), ['240.240.0.1 240.240.0.2', '240.240.0.2 240.240.0.1'])
  })

  it('are empty for the family that they lack, for HTTPS and SVCB, and for other types', async () => {
    const { ask, addresses, zone } = responding(config)
    assert.equal(await addresses('db.example.com', 'AAAA'), '')
    for (const type of ['UNKNOWN_65', 'UNKNOWN_64', 'TXT', 'MX'] as packet.RecordType[]) {
      const reply = await ask({ id: 1, questions: [{ type, name: 'db.example.com' }] })
      assert.equal(rcodeOfPacket(reply), 'NOERROR', type)
      assert.deepEqual(reply.answers, [], type)
    }
    assert.deepEqual(zone.asked, [])
  })
})

describe('names that nobody may reach', () => {
  it('get an address of ours, without any resolver hearing of them, and are found again by it', async () => {
    const { addresses, responder, zone } = responding({})
    const ipv4 = await addresses('data.stolen.attacker.example')
    const ipv6 = await addresses('data.stolen.attacker.example', 'AAAA')
    assert.match(ipv4, /^240\.241\.\d+\.\d+$/)
    assert.match(ipv6, /^2001:2:0:ffff::/)
    assert.equal(responder.lookup.hostOf(ipv4), 'data.stolen.attacker.example')
    assert.equal(responder.lookup.hostOf(ipv6), 'data.stolen.attacker.example')
    assert.equal(await addresses('data.stolen.attacker.example'), ipv4)
    assert.deepEqual(zone.asked, [])
  })

  it('never lead to a question upstream, of whatever type', async () => {
    const { ask, zone } = responding({ services: [{ host: 'api.example.com', port: 443 }] })
    for (let type = 1; type < 260; type += 1) {
      const name = `payload-${type}.attacker.example`
      await ask({ id: 1, questions: [{ type: `UNKNOWN_${type}` as packet.RecordType, name }] })
    }
    assert.deepEqual(zone.asked, [])
  })

  it('do not exist when they are of this machine', async () => {
    const { addresses } = responding({})
    assert.equal(await addresses('localhost'), '127.0.0.1')
    assert.equal(await addresses('app.localhost', 'AAAA'), '::1')
    assert.equal(await addresses('printer.local'), 'NXDOMAIN')
    assert.equal(await addresses('intranet'), 'NXDOMAIN')
  })
})

describe('reverse names', () => {
  it('give the name that an address stands for, and nothing else', async () => {
    const { ask, addresses, zone } = responding({ names: { 'db.example.com': ['240.240.0.1'] } })
    const ipv4 = await addresses('denied.example')
    const reverse = async (ip: string) => {
      const name = `${ip.split('.').reverse().join('.')}.in-addr.arpa`
      const reply = await ask({ id: 1, questions: [{ type: 'PTR', name }] })
      return reply.answers?.map((answer) => ('data' in answer ? answer.data : ''))[0] ?? rcodeOfPacket(reply)
    }
    assert.equal(await reverse(ipv4), 'denied.example')
    assert.equal(await reverse('240.240.0.1'), 'db.example.com')
    assert.equal(await reverse('127.0.0.1'), 'localhost')
    assert.equal(await reverse('8.8.8.8'), 'NXDOMAIN')
    assert.deepEqual(zone.asked, [])
  })
})

describe('names whose own address is dialled', () => {
  it('get the true answer, which is remembered', async () => {
    const { addresses, responder } = responding(
      { services: [{ host: '*.example.com', port: 443, type: 'ORIGINAL_DST' }] },
      {
        'www.example.com 1': [
          { type: 'CNAME', name: 'www.example.com', data: 'cdn.example.net' },
          a('cdn.example.net', '192.0.2.9'),
        ],
      },
    )
    assert.equal(await addresses('WWW.example.com'), 'cdn.example.net 192.0.2.9')
    assert.equal(responder.lookup.hostOf('192.0.2.9'), 'www.example.com')
    assert.equal(await addresses('nope.example.com'), 'NXDOMAIN')
    assert.equal(await addresses('broken.example.com'), 'SERVFAIL')
  })

  it('get no address that could not be dialled while another could', async () => {
    const records = {
      'wikipedia.org 1': [a('wikipedia.org', '91.198.174.192'), a('wikipedia.org', '198.51.100.1')],
      'wikipedia.org 28': [aaaa('wikipedia.org', '2620:0:862::1')],
    }
    const { addresses } = responding({ services: [WIKIPEDIA] }, records)
    assert.equal(await addresses('wikipedia.org'), '91.198.174.192')
    assert.equal(await addresses('wikipedia.org', 'AAAA'), '')
  })

  it('get the true one when none could be dialled: the denial will say why', async () => {
    const { addresses } = responding(
      { services: [WIKIPEDIA] },
      { 'wikipedia.org 1': [a('wikipedia.org', '198.51.100.1')] },
    )
    assert.equal(await addresses('wikipedia.org'), '198.51.100.1')
  })

  it('include any name within the prefixes of a made-up host; the others get an address of ours', async () => {
    const services = [{ ...WIKIPEDIA, host: 'egress.default.svc.cluster.local' }]
    const records = {
      'www.wikipedia.org 1': [a('www.wikipedia.org', '91.198.174.193')],
      'other.example 1': [a('other.example', '192.0.2.1')],
    }
    const { addresses } = responding({ services }, records)
    assert.equal(await addresses('www.wikipedia.org'), '91.198.174.193')
    assert.equal(await addresses('www.wikipedia.org', 'AAAA'), '')
    assert.match(await addresses('other.example'), /^240\.241\./)
  })

  it('have their other records passed on, but HTTPS and SVCB', async () => {
    const records = {
      'x.example.com 16': [{ type: 'TXT', name: 'x.example.com', data: 'hello', ttl: 5 } as packet.Answer],
    }
    const { ask, zone } = responding({ services: [{ host: 'x.example.com', port: 80, type: 'ORIGINAL_DST' }] }, records)
    const reply = await ask({ id: 1, questions: [{ type: 'TXT', name: 'x.example.com' }] })
    assert.equal(reply.answers?.length, 1)
    const https = await ask({ id: 1, questions: [{ type: 'UNKNOWN_65' as packet.RecordType, name: 'x.example.com' }] })
    assert.deepEqual(https.answers, [])
    assert.deepEqual(zone.asked, ['x.example.com 16'])
  })
})

describe('the protocol', () => {
  it('refuses what is not asked by honest clients', async () => {
    const { ask, responder } = responding({})
    const rcodeOf = async (query: packet.Packet) => rcodeOfPacket(await ask(query))
    const name = 'a.example'
    assert.equal(await rcodeOf({ id: 1, questions: [{ type: 'ANY' as packet.RecordType, name }] }), 'REFUSED')
    assert.equal(await rcodeOf({ id: 1, questions: [{ type: 'A', name, class: 'CH' }] }), 'REFUSED')
    assert.equal(await rcodeOf({ id: 1, flags: 4 << 11, questions: [{ type: 'A', name }] }), 'NOTIMP')
    assert.equal(await rcodeOf({ id: 1, questions: [] }), 'FORMERR')
    let answered = 0
    responder.answer(
      packet.encode({ type: 'response', id: 1, questions: [{ type: 'A', name }] }),
      'udp',
      () => (answered += 1),
    )
    responder.answer(Buffer.from('too short'), 'udp', () => (answered += 1))
    assert.equal(answered, 0)
  })

  it('answers SERVFAIL before there is a configuration', async () => {
    assert.equal(await responding(undefined).addresses('a.example'), 'SERVFAIL')
  })

  it('truncates for UDP at 512 bytes, or at what EDNS allows, and never for TCP', async () => {
    const ips = Array.from({ length: 60 }, (_, at) => `240.240.1.${at}`)
    const { ask, responder } = responding({ names: { 'big.example': ips } })
    const question = { type: 'A', name: 'big.example' } as const
    const plain = await ask({ id: 1, questions: [question] })
    assert.equal(plain.flag_tc, true)
    assert.deepEqual(plain.answers, [])
    const opt = { type: 'OPT', name: '.', udpPayloadSize: 4096, flags: 0, options: [] } as unknown as packet.Answer
    const edns = await ask({ id: 1, questions: [question], additionals: [opt] })
    assert.equal(edns.flag_tc, false)
    assert.equal(edns.answers?.length, 60)
    assert.equal(edns.additionals?.[0]?.type, 'OPT')
    const overTcp = await new Promise<Buffer>((resolve) => {
      responder.answer(packet.encode({ type: 'query', id: 1, questions: [question] }), 'tcp', resolve)
    })
    assert.equal(packet.decode(overTcp).answers?.length, 60)
  })

  it('drops a flood, and recovers', async () => {
    const limits = { ...DEFAULT_RESPONDER_LIMITS, questions: { ratePerSecond: 1000, burst: 10 } }
    let nowMs = 0
    const { responder, addresses } = responding({}, {}, limits, () => nowMs)
    let answered = 0
    const query = packet.encode({ type: 'query', id: 1, questions: [{ type: 'A', name: 'a.example' }] })
    for (let at = 0; at < 1000; at += 1) {
      responder.answer(query, 'udp', () => {
        answered += 1
      })
    }
    assert.equal(answered, 10)
    nowMs = 1
    assert.match(await addresses('a.example'), /^240\.241\./)
  })

  it('never throws, and whatever it answers can be decoded', () => {
    const { responder } = responding({ names: { 'a.example': ['240.240.0.1'] } }, {}, DEFAULT_RESPONDER_LIMITS, () =>
      performance.now(),
    )
    const valid = packet.encode({
      type: 'query',
      id: 1,
      questions: [{ type: 'A', name: 'a.example' }],
      additionals: [
        { type: 'OPT', name: '.', udpPayloadSize: 1232, flags: 0, options: [] } as unknown as packet.Answer,
      ],
    })
    const check = (bytes: Uint8Array) => {
      responder.answer(Buffer.from(bytes), 'udp', (answer) => {
        const decoded = packet.decode(answer)
        assert.equal(decoded.type, 'response')
        assert.equal(decoded.id, Buffer.from(bytes).readUInt16BE(0))
      })
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), check), { numRuns: 1000 })
    const edits = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(edits, fc.nat(valid.length), (changes, length) => {
        const bytes = Buffer.from(valid)
        for (const [at, byte] of changes) bytes[at] = byte
        check(bytes)
        check(bytes.subarray(0, length))
      }),
      { numRuns: 3000 },
    )
  })
})

describe('on real sockets', () => {
  async function serve(t: TestContext): Promise<{ resolver: Resolver; port: number }> {
    const { responder } = responding({ names: { 'db.example.com': ['240.240.0.1', '2001:2::f0f0:1'] } })
    const tcp = createServer().listen(0, '127.0.0.1')
    await once(tcp, 'listening')
    const { port } = tcp.address() as AddressInfo
    const udp = createSocket('udp4').bind(port, '127.0.0.1')
    await once(udp, 'listening')
    responder.serveTcp(tcp)
    responder.serveUdp(udp)
    t.after(() => responder.close())
    const resolver = new Resolver({ timeout: 1000, tries: 1 })
    resolver.setServers([`127.0.0.1:${port}`])
    return { resolver, port }
  }

  it("answers Node's resolver over UDP", async (t) => {
    const { resolver } = await serve(t)
    assert.deepEqual(await resolver.resolve4('db.example.com'), ['240.240.0.1'])
    assert.deepEqual(await resolver.resolve6('db.example.com'), ['2001:2::f0f0:1'])
    assert.deepEqual(await resolver.reverse('240.240.0.1'), ['db.example.com'])
    await assert.rejects(resolver.resolve4('intranet.local'), { code: 'ENOTFOUND' })
    await assert.rejects(resolver.resolveTxt('db.example.com'), { code: 'ENODATA' })
  })

  it('answers several questions on one TCP connection, in pieces or at once', async (t) => {
    const { port } = await serve(t)
    const socket = connect(port, '127.0.0.1')
    t.after(() => socket.destroy())
    const queries = [1, 2, 3].map((id) =>
      packet.streamEncode({ type: 'query', id, questions: [{ type: 'A', name: 'db.example.com' }] }),
    )
    const bytes = Buffer.concat(queries)
    socket.write(bytes.subarray(0, 5))
    await new Promise((resolve) => setTimeout(resolve, 20))
    socket.write(bytes.subarray(5))
    let received = Buffer.alloc(0)
    const ids: (number | undefined)[] = []
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk])
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0)
        ids.push(packet.streamDecode(received.subarray(0, end)).id)
        received = received.subarray(end)
      }
      if (ids.length === 3) break
    }
    assert.deepEqual(ids, [1, 2, 3])
  })

  it('closes a TCP connection that announces an absurd length', async (t) => {
    const { port } = await serve(t)
    const socket = connect(port, '127.0.0.1')
    socket.write(Buffer.from([0xff, 0xff, 0]))
    socket.resume()
    await once(socket, 'close')
  })
})
