import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RequestDecoder } from './request-decoder.ts'

/** Everything that a decoder makes of the pieces, as text. */
function decode(pieces: readonly string[]): string[] {
  const decoder = new RequestDecoder()
  const events: string[] = []
  for (const piece of pieces) {
    decoder.feed(Buffer.from(piece, 'latin1'))
    for (let event = decoder.next(); event !== 'more'; event = decoder.next()) {
      if (event === 'head') events.push(`${decoder.head!.method} ${decoder.head!.authority} ${decoder.head!.path}`)
      if (event === 'body') events.push(decoder.bytes.toString('latin1', decoder.dataStart, decoder.dataEnd))
      if (event === 'end') events.push(`end${decoder.trailers.count === 0 ? '' : ` ${decoder.trailers.nameAt(0)}`}`)
      if (event === 'fault') return [...events, `${decoder.fault!.status} ${decoder.fault!.details}`]
    }
  }
  return events
}

const HOST = 'Host: a.example\r\n'

const ACCEPTED: readonly (readonly [name: string, bytes: string, events: readonly string[]])[] = [
  ['a plain GET', `GET /x?y=1 HTTP/1.1\r\n${HOST}\r\n`, ['GET a.example /x?y=1', 'end']],
  ['empty lines before a request', `\r\n\r\nGET / HTTP/1.1\r\n${HOST}\r\n`, ['GET a.example /', 'end']],
  ['HTTP/1.0 without Host', 'GET / HTTP/1.0\r\n\r\n', ['GET  /', 'end']],
  [
    'a body with a length',
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nabc`,
    ['POST a.example /', 'abc', 'end'],
  ],
  [
    'a chunked body with extensions and trailers',
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: Chunked\r\n\r\n3;a=b;c="d e"\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n`,
    ['POST a.example /', 'abc', 'end X-Sum'],
  ],
  [
    'pipelined requests',
    `GET /1 HTTP/1.1\r\n${HOST}\r\nGET /2 HTTP/1.1\r\n${HOST}\r\n`,
    ['GET a.example /1', 'end', 'GET a.example /2', 'end'],
  ],
  [
    'an absolute target, which overrides Host',
    `GET http://b.example:81/p HTTP/1.1\r\n${HOST}\r\n`,
    ['GET b.example:81 /p', 'end'],
  ],
  ['an absolute target without a path', `GET http://b.example?q HTTP/1.1\r\n${HOST}\r\n`, ['GET b.example /?q', 'end']],
  ['OPTIONS *', `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, ['OPTIONS a.example *', 'end']],
  ['CONNECT', `CONNECT b.example:443 HTTP/1.1\r\n${HOST}\r\n`, ['CONNECT b.example:443 ', 'end']],
  ['an IPv6 host', 'GET / HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n\r\n', ['GET [2001:db8::1]:8080 /', 'end']],
]

const CL = 'http1.invalid_content_length'
const TE = 'http1.invalid_transfer_encoding'
const BOTH = 'http1.content_length_and_chunked_not_allowed'
const FIELD = 'http1.invalid_characters'
const CHUNK = 'http1.invalid_chunk'

/** Head lines (behind a request line and Host) → why they are refused. */
const REFUSED_FIELDS: readonly (readonly [name: string, lines: string, details: string])[] = [
  ['length and chunked', 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', BOTH],
  ['chunked and length', 'Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', BOTH],
  ['two lengths that differ', 'Content-Length: 4\r\nContent-Length: 5\r\n', CL],
  ['two lengths that agree', 'Content-Length: 4\r\nContent-Length: 4\r\n', CL],
  ['a list of lengths', 'Content-Length: 4, 4\r\n', CL],
  ['a signed length', 'Content-Length: +4\r\n', CL],
  ['a negative length', 'Content-Length: -1\r\n', CL],
  ['a hexadecimal length', 'Content-Length: 0x4\r\n', CL],
  ['an empty length', 'Content-Length:\r\n', CL],
  ['a length beyond counting', 'Content-Length: 9999999999999999999999\r\n', CL],
  ['a coding that only looks like chunked', 'Transfer-Encoding: xchunked\r\n', TE],
  ['chunked that is not last', 'Transfer-Encoding: chunked, identity\r\n', TE],
  ['a coding before chunked', 'Transfer-Encoding: gzip, chunked\r\n', TE],
  ['chunked in quotes', 'Transfer-Encoding: "chunked"\r\n', TE],
  ['chunked twice in one field', 'Transfer-Encoding: chunked, chunked\r\n', TE],
  ['chunked in two fields', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', TE],
  ['chunked and identity in two fields', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', TE],
  ['chunked behind a vertical tab', 'Transfer-Encoding: \x0bchunked\r\n', FIELD],
  ['a space before the colon', 'Transfer-Encoding : chunked\r\n', FIELD],
  ['a tab before the colon', 'Content-Length\t: 4\r\n', FIELD],
  ['a folded line', 'X: 1\r\n Transfer-Encoding: chunked\r\n', FIELD],
  ['a line folded with a tab', 'X: 1\r\n\tmore\r\n', FIELD],
  ['a bare LF behind a field', 'X: 1\nContent-Length: 4\r\n', FIELD],
  ['a bare CR in a value', 'X: 1\rContent-Length: 4\r\n', FIELD],
  ['a NUL in a value', 'X: a\x00b\r\n', FIELD],
  ['a DEL in a value', 'X: a\x7fb\r\n', FIELD],
  ['a line without a colon', 'Content-Length 4\r\n', FIELD],
  ['an empty name', ': 4\r\n', FIELD],
  ['a bracket in a name', 'X[0]: 4\r\n', FIELD],
  ['a byte above ASCII in a name', 'X\xe4: 4\r\n', FIELD],
  ['two hosts', 'Host: b.example\r\n', 'http1.duplicate_host'],
]

const REFUSED: readonly (readonly [name: string, bytes: string, details: string])[] = [
  ...REFUSED_FIELDS.map(([name, lines, details]) => [name, `POST / HTTP/1.1\r\n${HOST}${lines}\r\n`, details] as const),
  ['no Host', 'GET / HTTP/1.1\r\n\r\n', 'http1.missing_host'],
  ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n', 'http1.invalid_host'],
  ['a Host with a user', 'GET / HTTP/1.1\r\nHost: good@evil\r\n\r\n', 'http1.invalid_host'],
  ['a Host with a path', 'GET / HTTP/1.1\r\nHost: good/x\r\n\r\n', 'http1.invalid_host'],
  ['a Host with a space', 'GET / HTTP/1.1\r\nHost: good evil\r\n\r\n', 'http1.invalid_host'],
  ['an unknown method', `PWN / HTTP/1.1\r\n${HOST}\r\n`, 'http1.invalid_method'],
  ['a method in lower case', `get / HTTP/1.1\r\n${HOST}\r\n`, 'http1.invalid_method'],
  ['two spaces before the target', `GET  / HTTP/1.1\r\n${HOST}\r\n`, 'http1.invalid_url'],
  ['two spaces behind the target', `GET /  HTTP/1.1\r\n${HOST}\r\n`, 'http1.invalid_version'],
  ['a tab behind the target', `GET /\tHTTP/1.1\r\n${HOST}\r\n`, 'http1.invalid_url'],
  ['a fragment', `GET /#x HTTP/1.1\r\n${HOST}\r\n`, 'http1.invalid_url'],
  ['a byte above ASCII in the target', `GET /\xe4 HTTP/1.1\r\n${HOST}\r\n`, 'http1.invalid_url'],
  ['a target that is no path', `GET x HTTP/1.1\r\n${HOST}\r\n`, 'http1.invalid_url'],
  ['a target of another scheme', `GET ftp://a/ HTTP/1.1\r\n${HOST}\r\n`, 'http1.invalid_url'],
  ['an absolute target with a user', `GET http://good@evil/ HTTP/1.1\r\n${HOST}\r\n`, 'http1.invalid_host'],
  ['CONNECT without a port', `CONNECT b.example HTTP/1.1\r\n${HOST}\r\n`, 'http1.invalid_host'],
  ['HTTP/0.9', 'GET /\r\n', 'http1.invalid_url'],
  ['HTTP/1.2', `GET / HTTP/1.2\r\n${HOST}\r\n`, 'http1.invalid_version'],
  ['HTTP/2.0 without its preface', `GET / HTTP/2.0\r\n${HOST}\r\n`, 'http1.invalid_version'],
  ['a version in lower case', `GET / http/1.1\r\n${HOST}\r\n`, 'http1.invalid_version'],
  ['a space behind the version', `GET / HTTP/1.1 \r\n${HOST}\r\n`, 'http1.invalid_version'],
  ['a bare LF behind the request line', `GET / HTTP/1.1\n${HOST}\r\n`, 'http1.invalid_version'],
  ['a bare LF as an empty line', `\nGET / HTTP/1.1\r\n${HOST}\r\n`, 'http1.invalid_method'],
  ['a bare LF at the end of the head', `GET / HTTP/1.1\r\n${HOST}\n`, FIELD],
  ['chunked by HTTP/1.0', 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n', TE],
  ['a field before the first name', `GET / HTTP/1.1\r\n ${HOST}\r\n`, FIELD],
]

const REFUSED_CHUNKS: readonly (readonly [name: string, body: string, details: string])[] = [
  ['a chunk size that is none', 'x\r\n', CHUNK],
  ['an empty chunk size', '\r\n', CHUNK],
  ['a chunk size with 0x', '0x3\r\n', CHUNK],
  ['a signed chunk size', '+3\r\nabc\r\n', CHUNK],
  ['a space before a chunk size', ' 3\r\nabc\r\n', CHUNK],
  ['a space behind a chunk size', '3 \r\nabc\r\n', CHUNK],
  ['a chunk size that overflows', 'fffffffffffffffff\r\n', CHUNK],
  ['a bare LF behind a chunk size', '3\nabc\r\n', CHUNK],
  ['a bare CR behind a chunk size', '3\rabc\r\n', CHUNK],
  ['a chunk longer than its size', '3\r\nabcd\r\n', CHUNK],
  ['a bare LF behind a chunk', '3\r\nabc\n0\r\n\r\n', CHUNK],
  ['a LF in an extension', '3;a\nb\r\nabc\r\n', CHUNK],
  ['an extension without a name', '3;\r\nabc\r\n', CHUNK],
  ['an extension with an open quote', '3;a="b\r\nabc\r\n', CHUNK],
  ['extensions without end', `3;${'a'.repeat(17_000)}\r\n`, 'http1.chunk_extensions_too_large'],
  ['a bare LF in the trailers', '0\r\nX: 1\n\r\n', FIELD],
  ['trailers without end', `0\r\nX: ${'a'.repeat(61_440)}\r\n\r\n`, 'request_headers_too_large'],
]

for (const [name, bytes, events] of ACCEPTED) {
  test(`${name} is decoded, however its bytes are cut`, () => {
    // Neighbouring pieces of a body are one body.
    const joined = (pieces: readonly string[]) => decode(pieces).join('\n')
    assert.deepEqual(decode([bytes]), events)
    assert.equal(joined([...bytes]).replace('a\nb\nc', 'abc'), events.join('\n'))
  })
}

for (const [name, bytes, details] of REFUSED) {
  test(`${name} is refused`, () => {
    assert.deepEqual(decode([bytes]), [`400 ${details}`])
    assert.deepEqual(decode([...bytes]), [`400 ${details}`])
  })
}

for (const [name, body, details] of REFUSED_CHUNKS) {
  test(`${name} is refused`, () => {
    const bytes = `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${body}`
    const status = details === 'request_headers_too_large' ? 431 : 400
    assert.equal(decode([bytes]).at(-1), `${status} ${details}`)
    assert.equal(decode([...bytes]).at(-1), `${status} ${details}`)
  })
}

test('a head of more than 60 KiB is refused as too large, however its bytes are cut', () => {
  const bytes = `GET / HTTP/1.1\r\n${HOST}X: ${'a'.repeat(61_440)}\r\n\r\n`
  assert.deepEqual(decode([bytes]), ['431 request_headers_too_large'])
  assert.deepEqual(decode([...bytes]), ['431 request_headers_too_large'])
})

test('a head of more than 100 fields is refused as too large', () => {
  const bytes = `GET / HTTP/1.1\r\n${HOST}${'X: 1\r\n'.repeat(100)}\r\n`
  assert.deepEqual(decode([bytes]), ['431 http1.too_many_headers'])
})

test('what the proxy has to know of a request is read from its fields', () => {
  const decoder = new RequestDecoder()
  decoder.feed(
    Buffer.from(
      `GET / HTTP/1.1\r\n${HOST}Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nExpect: 100-Continue\r\nuser-AGENT:  me \r\n\r\n`,
    ),
  )
  assert.equal(decoder.next(), 'head')
  const head = decoder.head!
  assert.equal(head.upgrade, 'websocket')
  assert.equal(head.expectsContinue, true)
  assert.equal(head.keepAlive, true)
  assert.equal(head.fields.get('user-agent'), 'me')
  assert.equal(head.fields.nameAt(4), 'user-AGENT')
  assert.equal(head.fields.get('absent'), undefined)
})
