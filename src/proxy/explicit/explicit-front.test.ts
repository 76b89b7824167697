import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Connection, ConnectionReader } from '#proxy/connection/connection.ts'
import { StreamInfo } from '#proxy/connection/stream-info.ts'
import { acceptExplicit } from './explicit-front.ts'
import { type ExplicitDecision, type ExplicitTarget, parseAuthority } from './explicit-target.ts'

/** A connection in memory: what the front wrote, and what it put back. */
class MemoryConnection implements Connection {
  readonly info = new StreamInfo(0, 0)
  reader: ConnectionReader | undefined
  written = ''
  putBack = ''
  ended = false
  destroyed = false
  closed = false
  readonly blocked = false
  setReader(reader: ConnectionReader): void {
    this.reader = reader
  }
  unread(chunk: Buffer): void {
    this.putBack = chunk.toString('latin1') + this.putBack
  }
  pause(): void {}
  resume(): void {}
  write(chunk: Buffer): boolean {
    return this.gatherText(chunk.toString('latin1'))
  }
  gather(bytes: Buffer, start: number, end: number): boolean {
    return this.write(bytes.subarray(start, end))
  }
  gatherText(text: string): boolean {
    this.written += text
    return true
  }
  end(): void {
    this.ended = true
  }
  destroy(): void {
    this.destroyed = true
  }
  setIdleTimeout(): void {}
}

interface Outcome {
  readonly connection: MemoryConnection
  readonly targets: ExplicitTarget[]
  readonly proceeded: boolean
}

/** Sends the preamble a byte at a time, as the worst network would, and `tail` with its last byte. */
function send(bytes: Buffer, refusal?: { reason: string; sentence: string }, tail = ''): Outcome {
  const connection = new MemoryConnection()
  const targets: ExplicitTarget[] = []
  let proceeded = false
  const onProceed = (): void => {
    proceeded = true
  }
  acceptExplicit(connection, (target, _connection, answer) => {
    targets.push(target)
    const decision: ExplicitDecision = refusal
      ? { kind: 'refuse', ...refusal }
      : { kind: 'proceed', proceed: onProceed }
    answer(decision)
  })
  for (const byte of bytes.subarray(0, -1)) connection.reader?.onBytes(Buffer.from([byte]))
  connection.reader?.onBytes(Buffer.concat([bytes.subarray(-1), Buffer.from(tail)]))
  return { connection, targets, proceeded }
}

describe('the explicit front', () => {
  it('opens a CONNECT tunnel to an allowed target and passes on what follows', () => {
    const { connection, targets, proceeded } = send(
      Buffer.from('CONNECT WWW.Example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n'),
      undefined,
      'hi',
    )
    assert.deepEqual(targets, [{ host: 'www.example.com', port: 443, protocol: 'opaque' }])
    assert.match(connection.written, /^HTTP\/1\.1 200 /)
    assert.equal(connection.putBack, 'hi')
    assert.equal(proceeded, true)
  })

  it('refuses a denied CONNECT with a readable body and the reason', () => {
    const { connection } = send(Buffer.from('CONNECT a.example:443 HTTP/1.1\r\n\r\n'), {
      reason: 'no_service_entry',
      sentence: 'no ServiceEntry names this host',
    })
    assert.match(connection.written, /^HTTP\/1\.1 403 Forbidden\r\n/)
    assert.match(connection.written, /x-postern-denied: no_service_entry\r\n/)
    assert.match(connection.written, /no ServiceEntry names this host\n$/)
    assert.equal(connection.ended, true)
  })

  it('turns an absolute-form request into origin form for one request', () => {
    const request =
      'GET http://a.example:8080/p?q=1 HTTP/1.1\r\nHost: other\r\nProxy-Connection: keep-alive\r\nAccept: */*\r\n\r\n'
    const { connection, targets } = send(Buffer.from(request), undefined, 'BODY')
    assert.deepEqual(targets, [{ host: 'a.example', port: 8080, protocol: 'http' }])
    assert.equal(connection.written, '')
    assert.ok(
      connection.putBack.includes(
        'GET /p?q=1 HTTP/1.1\r\nHost: a.example:8080\r\nAccept: */*\r\nConnection: close\r\n\r\nBODY',
      ),
    )
  })

  it('refuses an origin-form request, for it does not say where to go', () => {
    const { connection, targets } = send(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
    assert.deepEqual(targets, [])
    assert.match(connection.written, /^HTTP\/1\.1 400 /)
  })

  it('speaks SOCKS5 with names and addresses', () => {
    const name = Buffer.from('db.example')
    const byName = send(
      Buffer.concat([Buffer.from([5, 1, 0, 5, 1, 0, 3, name.length]), name, Buffer.from([0x0c, 0xea])]),
    )
    assert.deepEqual(byName.targets, [{ host: 'db.example', port: 3306, protocol: 'opaque' }])
    assert.equal(byName.connection.written, '\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00')
    const byAddress = send(Buffer.from([5, 1, 0, 5, 1, 0, 1, 192, 0, 2, 7, 0, 80]))
    assert.deepEqual(byAddress.targets, [{ host: '192.0.2.7', port: 80, protocol: 'opaque' }])
  })

  it('answers a denied SOCKS5 request with "not allowed by ruleset"', () => {
    const { connection } = send(Buffer.from([5, 1, 0, 5, 1, 0, 1, 192, 0, 2, 7, 0, 80]), { reason: 'x', sentence: 'y' })
    assert.equal(connection.written.charCodeAt(3), 2)
  })

  it('refuses SOCKS5 commands other than CONNECT', () => {
    const { connection, targets } = send(Buffer.from([5, 1, 0, 5, 3, 0, 1, 192, 0, 2, 7, 0, 80]))
    assert.deepEqual(targets, [])
    assert.equal(connection.written.charCodeAt(3), 7)
  })

  it('closes a client that sends a preamble without end', () => {
    const { connection } = send(Buffer.alloc(65 * 1024, 'a'))
    assert.equal(connection.destroyed, true)
  })
})

describe('an authority', () => {
  it('is HOST:PORT with IPv6 in brackets', () => {
    assert.deepEqual(parseAuthority('[2001:db8::1]:443', undefined), { host: '2001:db8::1', port: 443 })
    assert.deepEqual(parseAuthority('a.example', 80), { host: 'a.example', port: 80 })
    for (const bad of ['a.example', 'a:0', 'a:65536', 'a:b', '', 'u@h:1', '2001:db8::1:443'])
      assert.equal(parseAuthority(bad, undefined), undefined, bad)
  })
})
