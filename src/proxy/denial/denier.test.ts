import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { MongoClient } from 'mongodb'
import mysql from 'mysql2'
import { SocketAddress } from '#base/socket-address.ts'
import { SocketConnection } from '#proxy/connection/socket-connection.ts'
import { StreamInfo } from '#proxy/connection/stream-info.ts'
import { takeAccepted } from '#proxy/connection/tcp-handle.ts'
import { connectionEnv, dialLoopback, readAll } from '#test/loopback.ts'
import { fixtureConfig } from '#test/service-fixture.ts'
import type { Denial } from './denial.ts'
import { Denier } from './denier.ts'

const CONFIG = fixtureConfig({
  services: [
    { host: 'wikipedia.org', port: 443, definedBy: 'ServiceEntry default/wikipedia-ext' },
    { host: 'db.example.com', port: 3307, protocol: 'MYSQL' },
  ],
})
const NAMES: Readonly<Record<string, string>> = {
  '240.241.0.1': 'files.example.net',
  '240.241.0.2': 'db.example.com',
  '240.241.0.3': 'wikipedia.org',
}

/** However slow the machine is, the client's bytes come in time. */
const PATIENT = { silenceMs: 60_000, patienceMs: 60_000 }
const IMPATIENT = { silenceMs: 200, patienceMs: 800 }

interface Refusing {
  readonly port: number
  readonly denials: Denial[]
  readonly logged: StreamInfo[]
  readonly denier: Denier
}

/** A listener on loopback whose every connection is refused, as if it had dialled `ip:dialled`. */
async function refuse(t: TestContext, ip: string, dialled: number, patience = PATIENT): Promise<Refusing> {
  const denials: Denial[] = []
  const logged: StreamInfo[] = []
  const denier = new Denier({
    workload: { name: 'app', namespace: 'default' },
    lookup: { hostOf: (address) => NAMES[address], wasAnsweredFor: () => false },
    onDenied: (denial) => denials.push(denial),
    ...patience,
  })
  denier.applyConfig(CONFIG)
  const env = connectionEnv(t)
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  takeAccepted(server, (handle) => {
    const connection = new SocketConnection(env, new StreamInfo(Date.now(), performance.now()), handle)
    connection.info.downstreamLocal = new SocketAddress(ip, dialled)
    t.after(() => connection.destroy())
    denier.takeOver(connection, { log: (info) => logged.push(info) })
  })
  return { port: (server.address() as AddressInfo).port, denials, logged, denier }
}

interface Finished {
  readonly code: number | string | null | undefined
  readonly output: string
}

/** Runs a client program to its end; whatever it printed, on either stream. */
function run(command: string, args: readonly string[]): Promise<Finished> {
  return new Promise((resolve) => {
    const child = execFile(command, args, { timeout: 10_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, output: stdout + stderr })
    })
    child.stdin?.end()
  })
}

describe('a refused TLS client', () => {
  it('gets the alert access_denied, and its server name is on record', async (t) => {
    const { port, denials, logged } = await refuse(t, '198.51.100.9', 443)
    const target = ['--connect-to', `www.wikipedia.org:443:127.0.0.1:${port}`, 'https://www.wikipedia.org/']
    const { code, output } = await run('curl', ['-sS', ...target])
    assert.equal(code, 35)
    assert.match(output, /access denied/i)
    const [denial] = denials
    assert.equal(denial?.host, 'www.wikipedia.org')
    assert.equal(denial?.hostKnownBy, 'sni')
    assert.equal(denial?.reason, 'no_service_entry')
    assert.equal(denial?.nearest?.rule, 'ServiceEntry default/wikipedia-ext')
    assert.equal(denial?.configVersion, 'v7')
    const [info] = logged
    assert.deepEqual(info?.responseFlags, ['UH'])
    assert.equal(info?.upstreamCluster, 'BlackHoleCluster')
    assert.equal(info?.requestedServerName, 'www.wikipedia.org')
    assert.equal(info?.deniedReason, 'no_service_entry')
    assert.equal(info?.bytesSent, 7)
  })

  it('gets it without a server name as well, and is known by its DNS question', async (t) => {
    const { port, denials } = await refuse(t, '240.241.0.1', 443)
    const { output } = await run('openssl', ['s_client', '-noservername', '-connect', `127.0.0.1:${port}`])
    assert.match(output, /alert access denied|alert number 49/)
    assert.equal(denials[0]?.hostKnownBy, 'dns')
    assert.equal(denials[0]?.host, 'files.example.net')
    assert.equal(denials[0]?.protocol, 'tls')
  })

  it('gets it when the ClientHello comes in pieces', async (t) => {
    const { port, denials } = await refuse(t, '198.51.100.9', 443)
    const hello = Buffer.from(
      '160301003a0100003603030000000000000000000000000000000000000000000000000000000000000000000002130101000000',
      'hex',
    )
    const client = await dialLoopback(t, port)
    const received = readAll(client)
    for (const part of [hello.subarray(0, 1), hello.subarray(1, 7), hello.subarray(7)]) {
      client.write(part)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    client.end()
    assert.deepEqual(await received, Buffer.from([0x15, 3, 3, 0, 2, 2, 49]))
    assert.equal(denials[0]?.protocol, 'tls')
  })
})

describe('a refused HTTP client', () => {
  it('gets 502 with the reason as header and the sentence as body', async (t) => {
    const { port, denials } = await refuse(t, '240.241.0.1', 8123)
    const { output } = await run('curl', [
      '-sS',
      '-i',
      '-H',
      'host: Files.example.net:8123',
      `http://127.0.0.1:${port}/x`,
    ])
    assert.match(output, /^HTTP\/1\.1 502 Bad Gateway\r\n/)
    assert.match(output, /x-postern-denied: no_service_entry\r\n/)
    assert.match(
      output,
      /\r\n\r\ndenied app → files\.example\.net:8123 \(HTTP, Host files\.example\.net\): no ServiceEntry names this host/,
    )
    assert.equal(denials[0]?.hostKnownBy, 'host')
  })

  it('gets it though it is still sending a large body', async (t) => {
    const { port } = await refuse(t, '240.241.0.1', 80)
    const body = 'x'.repeat(500_000)
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body })
    assert.equal(response.status, 502)
    assert.match(await response.text(), /^denied app/)
  })

  it('over HTTP/2 without TLS gets 502 and GOAWAY', async (t) => {
    const { port } = await refuse(t, '240.241.0.1', 8080)
    const session = connectHttp2(`http://127.0.0.1:${port}`)
    t.after(() => session.destroy())
    session.on('error', () => {})
    const request = session.request({ ':path': '/' })
    const [headers] = await once(request, 'response')
    assert.equal(headers[':status'], 502)
    assert.equal(headers['x-postern-denied'], 'no_service_entry')
    request.setEncoding('utf8')
    let body = ''
    for await (const chunk of request) body += chunk
    assert.match(body, /^denied app → files\.example\.net:8080/)
  })

  it('over gRPC, which asks only when it has the settings of the server, gets the sentence as the message of its status', async (t) => {
    const { port, denials } = await refuse(t, '240.241.0.1', 50051)
    const session = connectHttp2(`http://127.0.0.1:${port}`)
    t.after(() => session.destroy())
    session.on('error', () => {})
    await once(session, 'remoteSettings')
    const request = session.request({
      ':method': 'POST',
      ':path': '/pkg.Service/Call',
      'content-type': 'application/grpc+proto',
    })
    const [headers] = await once(request, 'response')
    assert.equal(headers[':status'], 200)
    assert.equal(headers['grpc-status'], '14')
    const message = decodeURI(String(headers['grpc-message']))
    assert.match(message, /^denied app → files\.example\.net:50051 \(HTTP\/2\): no ServiceEntry names this host/)
    assert.equal(denials[0]?.protocol, 'http2')
  })

  it('meant for a proxy is told as the way to the proxy', async (t) => {
    const { port, denials } = await refuse(t, '240.241.0.1', 3128)
    const proxy = `http://127.0.0.1:${port}`
    await run('curl', ['-sS', '-x', proxy, 'https://wikipedia.org/'])
    await run('curl', ['-sS', '-x', proxy, 'http://wikipedia.org/'])
    assert.deepEqual(
      denials.map(({ host, hostKnownBy, protocol }) => [host, hostKnownBy, protocol]),
      [
        ['files.example.net', 'dns', 'tcp'],
        ['files.example.net', 'dns', 'tcp'],
      ],
    )
  })

  it('is answered by the http side in the same words', async (t) => {
    const { denier } = await refuse(t, '0.0.0.0', 1)
    const refusal = denier.http({ ip: '240.241.0.1', port: 80, authority: 'wikipedia.org' })
    assert.equal(refusal.status, 502)
    assert.deepEqual(refusal.headers.at(-1), ['x-postern-denied', 'port_not_allowed'])
    assert.match(refusal.body, /nearest: ServiceEntry default\/wikipedia-ext allows port 443 of wikipedia\.org only\n$/)
  })
})

describe('a refused MySQL client', () => {
  it('prints the sentence: the mariadb command', async (t) => {
    const { port, denials } = await refuse(t, '240.241.0.1', 3306)
    const { code, output } = await run('mariadb', [
      '--protocol=tcp',
      '-h127.0.0.1',
      `-P${port}`,
      '-uroot',
      '-e',
      'select 1',
    ])
    assert.equal(code, 1)
    assert.match(output, /1130.*denied app .* files\.example\.net:3306 \(MySQL\): no ServiceEntry names this host/)
    assert.equal(denials[0]?.protocol, 'mysql')
  })

  it('prints the sentence: mysql2, near a MySQL service on another port', async (t) => {
    const { port } = await refuse(t, '240.241.0.2', 13306)
    const connection = mysql.createConnection({ host: '127.0.0.1', port, user: 'root' })
    const error = await new Promise<mysql.QueryError>((resolve) => connection.on('error', resolve))
    assert.match(
      error.message,
      /denied app → db\.example\.com:13306 \(MySQL\).*allows port 3307 of db\.example\.com only/,
    )
    assert.equal(error.errno, 1130)
  })
})

describe('a refused MongoDB client', () => {
  it('shows the sentence', async (t) => {
    const { port, denials } = await refuse(t, '240.241.0.1', 27017)
    const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, {
      serverSelectionTimeoutMS: 2000,
    })
    t.after(() => client.close())
    await assert.rejects(client.db('x').command({ ping: 1 }), /denied app → files\.example\.net:27017 \(MongoDB\)/)
    assert.equal(denials[0]?.protocol, 'mongo')
  })
})

describe('other refused clients', () => {
  it('PostgreSQL prints the sentence', async (t) => {
    const { port } = await refuse(t, '240.241.0.1', 5432)
    const { output } = await run('psql', [`host=127.0.0.1 port=${port} user=x dbname=x`, '-c', 'select 1'])
    assert.match(output, /FATAL: {2}denied app → files\.example\.net:5432/)
  })

  it('Redis gets an error reply', async (t) => {
    const { port } = await refuse(t, '240.241.0.1', 6379)
    const client = await dialLoopback(t, port)
    client.write('*1\r\n$4\r\nPING\r\n')
    assert.match((await readAll(client)).toString(), /^-NOPERM denied app → files\.example\.net:6379 .*\r\n$/)
  })

  it('those that nobody understands, and silent ones, get a reset and are on record', async (t) => {
    const { port, denials, denier } = await refuse(t, '198.51.100.9', 9999, IMPATIENT)
    for (const bytes of ['', '\u0001\u0002 what is this?']) {
      const client = await dialLoopback(t, port)
      if (bytes !== '') client.write(bytes)
      const [error] = await once(client, 'error')
      assert.equal(error.code, 'ECONNRESET')
    }
    assert.equal(denials.length, 2)
    assert.equal(denials[0]?.protocol, 'tcp')
    assert.deepEqual(
      denier.summary().entries.map((entry) => entry.count),
      [2],
    )
  })

  it('that begin to speak and dawdle are answered as far as they went, and leave nothing held', async (t) => {
    const { port, denier } = await refuse(t, '240.241.0.1', 8123, IMPATIENT)
    const client = await dialLoopback(t, port)
    client.write('GET / HTTP/1.1\r\nHost: files.example.net\r\n')
    assert.match((await readAll(client)).toString(), /^HTTP\/1\.1 502 /)
    assert.equal(denier.heldBytes, 0)
  })

  it('that hang up before saying anything are on record too', async (t) => {
    const { port, denials, logged } = await refuse(t, '198.51.100.9', 9999)
    const client = await dialLoopback(t, port)
    client.destroy()
    while (logged.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal(denials.length, 1)
  })

  it('that hang up before saying anything to a host and port that are named have spoken no wrong protocol', async (t) => {
    const { port, denials, logged } = await refuse(t, '240.241.0.3', 443)
    for (const leave of ['end', 'destroy'] as const) {
      const client = await dialLoopback(t, port)
      client.on('error', () => {})
      client[leave]()
    }
    while (logged.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.deepEqual(denials, [])
    const client = await dialLoopback(t, port)
    client.on('error', () => {})
    client.end('no TLS')
    while (logged.length < 3) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.deepEqual(
      denials.map(({ reason }) => reason),
      ['protocol_mismatch'],
    )
  })
})
