import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type HttpVerdict, RequestLineReader } from './request-line.ts'

function read(text: string): HttpVerdict {
  return new RequestLineReader().push(Buffer.from(text, 'latin1'))
}

test('HTTP/1.0, HTTP/1.1 and the HTTP/2 preface are told apart', () => {
  assert.equal(read('GET / HTTP/1.1\r\nhost: x\r\n'), 'http/1.1')
  assert.equal(read('POST http://x/a?b HTTP/1.0\r\n'), 'http/1.0')
  assert.equal(read('M-SEARCH * HTTP/1.1\n'), 'http/1.1')
  assert.equal(read('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), 'h2c')
})

test('half a first line waits for the rest', () => {
  for (const text of ['', 'G', 'GET ', 'GET / HTTP/1.1', 'GET / HTTP/1.1\r', 'PRI * HTTP/2.0\r\n\r\nSM']) {
    assert.equal(read(text), 'more', JSON.stringify(text))
  }
})

test('other protocols are refused as soon as they show', () => {
  for (const text of [
    '\x16\x03\x01',
    ' GET',
    '*1\r\n$4\r\nPING\r\n',
    'EHLO example.com\r\n',
    'GET / HTTP/3.0\r\n',
    'GET /\r\n',
    'GET / a HTTP/1.1\r\n',
    'PRI * HTTP/2.0\r\nhost: x\r\n',
    'SSH-2.0-OpenSSH_9.2\r\n',
    'A'.repeat(33),
    `GET /${'a'.repeat(70_000)}`,
    'GET /\0 HTTP/1.1\r\n',
  ]) {
    assert.equal(read(text), 'not_http', JSON.stringify(text.slice(0, 40)))
  }
})

test('any bytes are read without throwing, and in pieces as in one', () => {
  const piece = fc.oneof(
    fc.constantFrom('GET ', '/', ' HTTP/1.1', '\r\n', 'PRI * HTTP/2.0\r\n', '\r\nSM\r\n\r\n', ' '),
    fc.string({ maxLength: 5 }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const reader = new RequestLineReader()
      let verdict: HttpVerdict = 'more'
      for (const byte of Buffer.from(pieces.join(''), 'latin1')) verdict = reader.push(Buffer.from([byte]))
      assert.equal(verdict, read(pieces.join('')))
    }),
    { numRuns: 3000 },
  )
})
