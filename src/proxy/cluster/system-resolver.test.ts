import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import dnsPacket from 'dns-packet'
import { parseHosts } from './hosts-file.ts'
import { SystemResolver } from './system-resolver.ts'

const RECORDS: readonly dnsPacket.Answer[] = [
  { type: 'A', name: 'db.example.com', ttl: 7, data: '192.0.2.1' },
  { type: 'A', name: 'db.example.com', ttl: 9, data: '192.0.2.2' },
  { type: 'AAAA', name: 'db.example.com', ttl: 11, data: '2001:db8::1' },
  { type: 'A', name: 'only4.example.com', ttl: 5, data: '192.0.2.3' },
]

/** A name server on 127.0.0.1 that knows RECORDS, and refuses to serve "broken.example.com". */
async function nameServer(t: TestContext): Promise<string> {
  const socket = createSocket('udp4')
  socket.on('message', (message, peer) => {
    const query = dnsPacket.decode(message)
    const question = query.questions?.[0]
    const known = RECORDS.filter((record) => record.name === question?.name)
    const answers = known.filter((record) => record.type === question?.type)
    const rcode = question?.name === 'broken.example.com' ? 2 : known.length === 0 ? 3 : 0
    const packet = {
      type: 'response',
      id: query.id ?? 0,
      flags: 0x8180 | rcode,
      questions: query.questions ?? [],
      answers,
    }
    socket.send(dnsPacket.encode(packet as dnsPacket.Packet), peer.port, peer.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.after(() => socket.close())
  return `127.0.0.1:${socket.address().port}`
}

async function hostsFile(t: TestContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-hosts-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'hosts')
  await writeFile(path, text)
  return path
}

test('addresses come with their TTLs, by family', async (t) => {
  const resolver = new SystemResolver({ servers: [await nameServer(t)], hostsPath: await hostsFile(t, '') })
  assert.deepEqual(await resolver.resolve('DB.example.com.', 4), {
    addresses: [
      { ip: '192.0.2.1', ttlSeconds: 7 },
      { ip: '192.0.2.2', ttlSeconds: 9 },
    ],
  })
  assert.deepEqual(await resolver.resolve('db.example.com', 6), {
    addresses: [{ ip: '2001:db8::1', ttlSeconds: 11 }],
  })
})

test('a name without addresses of a family, or that does not exist, is an answer; a server failure is not', async (t) => {
  const resolver = new SystemResolver({ servers: [await nameServer(t)], hostsPath: await hostsFile(t, '') })
  assert.deepEqual(await resolver.resolve('only4.example.com', 6), { addresses: [] })
  assert.deepEqual(await resolver.resolve('nowhere.example.com', 4), { addresses: [] })
  await assert.rejects(resolver.resolve('broken.example.com', 4), { code: 'ESERVFAIL' })
})

test('the hosts file goes first, and its changes are seen', async (t) => {
  const hostsPath = await hostsFile(t, '203.0.113.5 db.example.com\n')
  const resolver = new SystemResolver({ servers: [await nameServer(t)], hostsPath })
  assert.deepEqual((await resolver.resolve('db.example.com', 4)).addresses, [{ ip: '203.0.113.5', ttlSeconds: 5 }])
  assert.equal((await resolver.resolve('db.example.com', 6)).addresses[0]?.ip, '2001:db8::1')
  await writeFile(hostsPath, '# nothing any more\n')
  assert.equal((await resolver.resolve('db.example.com', 4)).addresses[0]?.ip, '192.0.2.1')
})

test('a hosts file that is a link stays what it was when the sidecar started, whoever turns the link', async (t) => {
  const real = await hostsFile(t, '203.0.113.5 db.example.com\n')
  const link = `${real}.link`
  await symlink(real, link)
  const resolver = new SystemResolver({ servers: [await nameServer(t)], hostsPath: link })
  await symlink(await hostsFile(t, '203.0.113.66 db.example.com\n'), `${link}.new`)
  await rename(`${link}.new`, link)
  assert.equal((await resolver.resolve('db.example.com', 4)).addresses[0]?.ip, '203.0.113.5')
})

test('hosts lines: several names, comments, several addresses for one name, and nonsense passed over', () => {
  const hosts = parseHosts('127.0.0.1\tlocalhost Self # me\n::1 localhost\n127.0.0.1 localhost\nnot-an-ip x\n\n')
  assert.deepEqual(Object.fromEntries(hosts), { localhost: ['127.0.0.1', '::1'], self: ['127.0.0.1'] })
})
