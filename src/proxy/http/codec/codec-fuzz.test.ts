import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import fc from 'fast-check'
import { RequestDecoder } from './request-decoder.ts'
import { ResponseDecoder } from './response-decoder.ts'

/** One decoded message, whoever decoded it. */
interface Message {
  readonly start: string
  readonly fields: readonly string[]
  readonly body: string
}

interface Outcome {
  readonly messages: readonly Message[]
  readonly fault: string | undefined
  /** True when the bytes ended with a message. */
  readonly whole?: boolean
}

function decodeOurs(decoder: RequestDecoder | ResponseDecoder, pieces: readonly Buffer[]): Outcome {
  const messages: Message[] = []
  let start = ''
  let fields: string[] = []
  let body = ''
  for (const piece of pieces) {
    decoder.feed(piece)
    for (let event = decoder.next(); event !== 'more'; event = decoder.next()) {
      if (event === 'fault') return { messages, fault: decoder.fault!.details }
      if (event === 'head') {
        const head = decoder.head!
        start = 'method' in head ? `${head.method} ${head.target}` : `${head.status}`
        fields = Array.from(
          { length: head.fields.count },
          (_, i) => `${head.fields.nameAt(i)}=${head.fields.valueAt(i)}`,
        )
        body = ''
      } else if (event === 'body') body += decoder.bytes.toString('latin1', decoder.dataStart, decoder.dataEnd)
      else {
        messages.push({ start, fields, body })
        if (decoder instanceof ResponseDecoder) decoder.expect('GET')
      }
    }
  }
  const whole = decoder instanceof RequestDecoder ? decoder.atRest : decoder.untouched
  return { messages, fault: undefined, whole }
}

/** The part of Node's own parser (llhttp) that is used here; it has no public types. */
interface Llhttp {
  initialize(type: number, resource: object): void
  execute(bytes: Buffer): number | Error
  [callback: number]: unknown
}

interface LlhttpClass {
  new (): Llhttp
  readonly REQUEST: number
  readonly kOnHeaders: number
  readonly kOnHeadersComplete: number
  readonly kOnBody: number
  readonly kOnMessageComplete: number
}

const { HTTPParser, methods } = createRequire(import.meta.url)('node:_http_common') as {
  readonly HTTPParser: LlhttpClass
  readonly methods: readonly string[]
}

function decodeLlhttp(bytes: Buffer): Outcome {
  const messages: Message[] = []
  const parser = new HTTPParser()
  let start = ''
  let fields: string[] = []
  let body = ''
  const take = (raw: readonly string[]) => {
    for (let i = 0; i < raw.length; i += 2) fields.push(`${raw[i]}=${raw[i + 1]}`)
  }
  parser.initialize(HTTPParser.REQUEST, {})
  parser[HTTPParser.kOnHeaders] = (raw: readonly string[], url: string) => {
    take(raw)
    start += url
  }
  parser[HTTPParser.kOnHeadersComplete] = (
    _major: number,
    _minor: number,
    raw: readonly string[] | undefined,
    method: number,
    url: string,
  ) => {
    take(raw ?? [])
    start = `${methods[method]} ${start}${url}`
    return 0
  }
  parser[HTTPParser.kOnBody] = (piece: Buffer) => {
    body += piece.toString('latin1')
  }
  parser[HTTPParser.kOnMessageComplete] = () => {
    messages.push({ start, fields, body })
    start = ''
    fields = []
    body = ''
  }
  const result = parser.execute(bytes)
  return { messages, fault: result instanceof Error ? result.message : undefined }
}

const FRAGMENTS = [
  'GET / HTTP/1.1\r\n',
  'POST /a?b=c HTTP/1.1\r\n',
  'HEAD http://h.example/x HTTP/1.1\r\n',
  'PUT /%2e%2e/ HTTP/1.0\r\n',
  'Host: h.example\r\n',
  'Host: [::1]:80\r\n',
  'Content-Length: 3\r\n',
  'Content-Length: 0\r\n',
  'content-length:3 \r\n',
  'Content-Length: A\r\n',
  'Content-Length: +3\r\n',
  'Content-Length: 0x3\r\n',
  'Content-Length: 3, 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip\r\n',
  'Connection: keep-alive\r\n',
  'X-A:\r\n',
  'X-B: \xe4 \t\r\n',
  '\r\n',
  'abc',
  '3\r\nabc\r\n',
  '3;x=y\r\nabc\r\n',
  'a;q="z"\r\n0123456789\r\n',
  '0\r\n\r\n',
  '0\r\nX-T: 1\r\n\r\n',
  ' ',
  ':',
  ';',
  '\n',
  '\r',
  '\0',
  '\t',
  '"',
  '#',
] as const

const wildBytes = fc
  .array(
    fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(...FRAGMENTS) },
      { weight: 1, arbitrary: fc.string({ maxLength: 3 }) },
    ),
    { maxLength: 14 },
  )
  .map((parts) => Buffer.from(parts.join(''), 'latin1'))

const fieldLine = fc.constantFrom(
  'X-A: 1\r\n',
  'x-b:\r\n',
  'Accept: */*\r\n',
  'X-C: \xe4b \r\n',
  'Cookie: a=b; c="d"\r\n',
)
const body = fc.oneof(
  fc.constant('\r\n'),
  fc
    .string({ maxLength: 9 })
    .map(
      (text) =>
        `Content-Length: ${Buffer.byteLength(text, 'latin1')}\r\n\r\n${Buffer.from(text, 'latin1').toString('latin1')}`,
    ),
  fc
    .array(fc.constantFrom('1\r\nz\r\n', '3;a\r\nabc\r\n', 'A;a=b;c="d"\r\n0123456789\r\n'), { maxLength: 3 })
    .map((chunks) => `Transfer-Encoding: chunked\r\n\r\n${chunks.join('')}0\r\n\r\n`),
)
/** Well-formed requests, some of them with one byte changed. */
const nearlyGood = fc
  .tuple(
    fc.array(
      fc.tuple(
        fc.constantFrom('GET /', 'POST /p?q', 'OPTIONS *', 'DELETE http://h/'),
        fc.array(fieldLine, { maxLength: 3 }),
        body,
      ),
      { minLength: 1, maxLength: 3 },
    ),
    fc.option(fc.tuple(fc.nat(400), fc.nat(255))),
  )
  .map(([requests, change]) => {
    const text = requests
      .map(([line, fields, rest]) => `${line} HTTP/1.1\r\nHost: h\r\n${fields.join('')}${rest}`)
      .join('')
    const bytes = Buffer.from(text, 'latin1')
    if (change !== null) bytes[change[0] % bytes.length] = change[1]
    return bytes
  })

const anyRequests = fc.oneof(wildBytes, nearlyGood)

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [...places, bytes.length].map((end, i) => bytes.subarray(i === 0 ? 0 : places[i - 1]!, end))
}

test('however bytes are cut into chunks, the same requests and the same fault come out', () => {
  fc.assert(
    fc.property(anyRequests, fc.array(fc.nat(500), { maxLength: 12 }), (bytes, at) => {
      assert.deepEqual(decodeOurs(new RequestDecoder(), cut(bytes, at)), decodeOurs(new RequestDecoder(), [bytes]))
    }),
    { numRuns: 3000 },
  )
})

test('whatever we accept, llhttp accepts, and sees the same requests', () => {
  let compared = 0
  fc.assert(
    fc.property(anyRequests, (bytes) => {
      const ours = decodeOurs(new RequestDecoder(), [bytes])
      const theirs = decodeLlhttp(bytes)
      // In the middle of a message llhttp may already know that it will be refused; we tell when the whole word is there.
      if (ours.whole === true) assert.equal(theirs.fault, undefined, JSON.stringify(bytes.toString('latin1')))
      const common = theirs.messages.slice(0, ours.messages.length)
      assert.deepEqual(
        common.map(withoutTrailers),
        ours.messages.map(withoutTrailers),
        JSON.stringify(bytes.toString('latin1')),
      )
      compared += ours.messages.length
    }),
    { numRuns: 5000 },
  )
  assert.ok(compared > 1000, `only ${compared} requests were compared`)
})

/** llhttp appends trailers to the fields. */
function withoutTrailers(message: Message): Message {
  return { ...message, fields: message.fields.filter((field) => !field.startsWith('X-T=')) }
}

test('no bytes make a response decoder throw, and cutting them makes no difference', () => {
  const start = fc.constantFrom(
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 204\r\n',
    'HTTP/1.0 500 \r\n',
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 101 x\r\n',
  )
  const bytes = fc
    .tuple(start, wildBytes, start, wildBytes)
    .map(([a, b, c, d]) => Buffer.concat([Buffer.from(a), b, Buffer.from(c), d]))
  const fresh = () => {
    const decoder = new ResponseDecoder()
    decoder.expect('GET')
    return decoder
  }
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(300), { maxLength: 8 }), (whole, at) => {
      assert.deepEqual(decodeOurs(fresh(), cut(whole, at)), decodeOurs(fresh(), [whole]))
    }),
    { numRuns: 2000 },
  )
})
