import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import fc from 'fast-check'
import {
  alpnExtension,
  clientHello,
  type HelloExtension,
  inRecords,
  serverNameExtension,
  vector,
} from '#test/client-hello.ts'
import { listenOnLoopback } from '#test/loopback.ts'
import { ClientHelloReader, type TlsVerdict } from './client-hello.ts'

const GREASE: HelloExtension = [0x1a1a, Buffer.alloc(1)]

function read(bytes: Buffer): TlsVerdict {
  return new ClientHelloReader().push(bytes)
}

function readInPieces(bytes: Buffer, pieceBytes: number): TlsVerdict {
  const reader = new ClientHelloReader()
  let verdict: TlsVerdict = { kind: 'more' }
  for (let at = 0; at < bytes.length; at += pieceBytes) verdict = reader.push(bytes.subarray(at, at + pieceBytes))
  return verdict
}

test('the server name and the application protocols are read', () => {
  const hello = inRecords(
    clientHello([GREASE, serverNameExtension('www.wikipedia.org'), alpnExtension('h2', 'http/1.1')]),
  )
  assert.deepEqual(read(hello), { kind: 'tls', serverName: 'www.wikipedia.org', alpn: ['h2', 'http/1.1'] })
})

test('upper case and a trailing dot are the same name', () => {
  const verdict = read(inRecords(clientHello([serverNameExtension('WWW.Wikipedia.ORG.')])))
  assert.deepEqual(verdict, { kind: 'tls', serverName: 'www.wikipedia.org', alpn: [] })
})

test('a hello without server name, and one without any extensions, is TLS without a name', () => {
  const nameless = { kind: 'tls', serverName: '', alpn: [] }
  assert.deepEqual(read(inRecords(clientHello([GREASE]))), nameless)
  assert.deepEqual(read(inRecords(clientHello(undefined))), nameless)
})

test('a hello of 60 KB in many records, byte by byte, is read', () => {
  const hello = clientHello([[0xfe0d, Buffer.alloc(60_000, 5)], serverNameExtension('big.example.com')])
  assert.deepEqual(readInPieces(inRecords(hello, 1_000), 1), { kind: 'tls', serverName: 'big.example.com', alpn: [] })
  assert.deepEqual(readInPieces(inRecords(hello, 1), 7), { kind: 'tls', serverName: 'big.example.com', alpn: [] })
})

test('of an encrypted hello the outer name counts', () => {
  const hello = inRecords(clientHello([serverNameExtension('public.example.com'), [0xfe0d, Buffer.alloc(200, 1)]]))
  assert.deepEqual(read(hello), { kind: 'tls', serverName: 'public.example.com', alpn: [] })
})

test('a hello longer than 64 KB is refused before it is taken in', () => {
  const hello = clientHello([
    [0xfe0d, Buffer.alloc(65_000)],
    [0xfe0e, Buffer.alloc(500)],
  ])
  hello.writeUIntBE(65_537, 1, 3)
  assert.deepEqual(read(inRecords(hello.subarray(0, 100))), { kind: 'not_tls' })
})

test('bytes that cannot be a hello are refused at the first that shows it', () => {
  const first = (...bytes: number[]) => read(Buffer.from(bytes)).kind
  assert.equal(first(0x47), 'not_tls')
  assert.equal(first(22), 'more')
  assert.equal(first(22, 2), 'not_tls')
  assert.equal(first(22, 3, 1, 0, 0), 'not_tls')
  assert.equal(first(22, 3, 1, 0x40, 1), 'not_tls')
  assert.equal(first(22, 3, 1, 0, 50, 2), 'not_tls')
})

test('hellos that would let two servers see two names are not TLS', () => {
  const two = [serverNameExtension('allowed.example.com'), serverNameExtension('evil.example.com')]
  assert.equal(read(inRecords(clientHello(two))).kind, 'not_tls')
  const host = (name: string) => Buffer.concat([Buffer.from([0]), vector(2, Buffer.from(name))])
  const list: HelloExtension = [0, vector(2, host('allowed.example.com'), host('evil.example.com'))]
  assert.equal(read(inRecords(clientHello([list]))).kind, 'not_tls')
  assert.equal(read(inRecords(clientHello([serverNameExtension('a\0b')]))).kind, 'not_tls')
  assert.equal(read(inRecords(clientHello([serverNameExtension('')]))).kind, 'not_tls')
})

test('what a real TLS client sends is read', async (t) => {
  const { port, server } = await listenOnLoopback(t)
  const direct = connectTls({ port, host: '127.0.0.1', servername: 'de.wikipedia.org', ALPNProtocols: ['h2'] })
  direct.on('error', () => {})
  t.after(() => direct.destroy())
  const [socket] = await once(server, 'connection')
  const [bytes] = await once(socket, 'data')
  assert.deepEqual(read(bytes), { kind: 'tls', serverName: 'de.wikipedia.org', alpn: ['h2'] })
})

const anyExtension = fc.oneof(
  fc.tuple(
    fc.integer({ min: 1, max: 65_535 }),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  ),
  fc.string({ maxLength: 20 }).map(serverNameExtension),
  fc.array(fc.string({ maxLength: 5 }), { maxLength: 3 }).map((names) => alpnExtension(...names)),
)
/** Hellos with a few bytes changed and perhaps cut short, and plain garbage. */
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc
    .record({
      extensions: fc.array(anyExtension, { maxLength: 4 }),
      recordBytes: fc.integer({ min: 1, max: 400 }),
      changes: fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 3 }),
      cut: fc.nat(600),
    })
    .map(({ extensions, recordBytes, changes, cut }) => {
      const bytes = inRecords(clientHello(extensions), recordBytes)
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
      return cut > 400 ? bytes : bytes.subarray(0, cut)
    }),
)

test('any bytes are read without throwing, and in pieces as in one', () => {
  fc.assert(
    fc.property(anyBytes, fc.integer({ min: 1, max: 60 }), (bytes, pieceBytes) => {
      assert.deepEqual(readInPieces(bytes, pieceBytes), bytes.length === 0 ? { kind: 'more' } : read(bytes))
    }),
    { numRuns: 3000 },
  )
})
