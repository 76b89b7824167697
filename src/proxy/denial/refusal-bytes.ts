/** How each protocol says no, with the sentence where it has room for one. All pure. */

/** TLS: fatal alert access_denied (49). */
export const TLS_ACCESS_DENIED: Buffer = Buffer.from([0x15, 3, 3, 0, 2, 2, 49])

/** PostgreSQL: "no encryption here", after which the client sends its start-up message in the clear. */
export const POSTGRES_NO_ENCRYPTION: Buffer = Buffer.from('N')

/** The header that names the reason code. */
export const DENIED_HEADER = 'x-postern-denied'

export function http1Refusal(method: string, reason: string, body: string): Buffer {
  const content = Buffer.from(body)
  const head = [
    'HTTP/1.1 502 Bad Gateway',
    'content-type: text/plain; charset=utf-8',
    `content-length: ${content.length}`,
    `${DENIED_HEADER}: ${reason}`,
    'connection: close',
    '\r\n',
  ].join('\r\n')
  return Buffer.concat([Buffer.from(head), method === 'HEAD' ? Buffer.alloc(0) : content])
}

const FRAME = { data: 0, headers: 1, settings: 4, goaway: 7 }
const END_STREAM = 1
const END_HEADERS = 4
const ACK = 1
const HTTP_1_1_REQUIRED = 13
/** The field ":status: 200" of HPACK's table. */
const STATUS_200 = 0x88

/** The server's settings, and that the client's were read. */
export const HTTP2_GREETING: Buffer = Buffer.concat([
  http2Frame(FRAME.settings, 0, 0, Buffer.alloc(0)),
  http2Frame(FRAME.settings, ACK, 0, Buffer.alloc(0)),
])

/** What 502 is to a gRPC client. */
const GRPC_UNAVAILABLE = '14'

/** Behind the greeting: 502, or a gRPC status, on the first request's stream, then GOAWAY; GOAWAY alone when there was no request (stream 0). */
export function http2Refusal(request: { streamId: number; isGrpc: boolean }, reason: string, body: string): Buffer {
  const { streamId, isGrpc } = request
  const frames: Buffer[] = []
  if (streamId > 0 && isGrpc) {
    const fields = Buffer.concat([
      Buffer.from([STATUS_200]),
      hpackField('content-type', 'application/grpc'),
      hpackField('grpc-status', GRPC_UNAVAILABLE),
      hpackField('grpc-message', grpcMessage(body.trim())),
      hpackField(DENIED_HEADER, reason),
    ])
    frames.push(http2Frame(FRAME.headers, END_HEADERS | END_STREAM, streamId, fields))
  } else if (streamId > 0) {
    const fields = Buffer.concat([
      Buffer.from([0x08]),
      hpackText('502'),
      hpackField('content-type', 'text/plain; charset=utf-8'),
      hpackField(DENIED_HEADER, reason),
    ])
    frames.push(http2Frame(FRAME.headers, END_HEADERS, streamId, fields))
    frames.push(http2Frame(FRAME.data, END_STREAM, streamId, Buffer.from(body)))
  }
  const goaway = Buffer.alloc(8)
  goaway.writeUInt32BE(streamId, 0)
  goaway.writeUInt32BE(streamId > 0 ? 0 : HTTP_1_1_REQUIRED, 4)
  frames.push(http2Frame(FRAME.goaway, 0, 0, Buffer.concat([goaway, Buffer.from(body)])))
  return Buffer.concat(frames)
}

/** Percent-encoded where gRPC asks for it, and nowhere else: clients decode no more than that. */
export function grpcMessage(text: string): string {
  return text.replace(/[^\x20-\x24\x26-\x7e]+/g, encodeURIComponent)
}

/** RFC 9113, 4.1. */
export function http2Frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(streamId, 5)
  return Buffer.concat([head, payload])
}

/** A literal field, not indexed, new name (RFC 7541 6.2.2). */
function hpackField(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), hpackText(name), hpackText(value)])
}

/** A string without Huffman coding, its length in seven bits and then in groups of seven (RFC 7541 5.1). */
function hpackText(text: string): Buffer {
  const bytes = Buffer.from(text)
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes])
  const length = [127]
  let rest = bytes.length - 127
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128)
  return Buffer.concat([Buffer.from([...length, rest]), bytes])
}

const ER_HOST_NOT_PRIVILEGED = 1130
/** libmysqlclient keeps 511 bytes of a message. */
const MYSQL_MAX_MESSAGE = 480

/** MySQL: an ERR packet where the server's greeting would be, as a real server does for a host that may not connect. */
export function mysqlRefusal(sentence: string): Buffer {
  const message = Buffer.from(shortened(sentence, MYSQL_MAX_MESSAGE))
  const head = Buffer.alloc(7)
  head.writeUIntLE(9 + message.length, 0, 3)
  head[4] = 0xff
  head.writeUInt16LE(ER_HOST_NOT_PRIVILEGED, 5)
  return Buffer.concat([head, Buffer.from('#HY000'), message])
}

const MONGO_UNAUTHORIZED = 13

/** MongoDB: an error document, as OP_REPLY to OP_QUERY (`legacy`) and as OP_MSG otherwise. */
export function mongoRefusal(requestId: number, legacy: boolean, sentence: string): Buffer {
  const document = bsonDocument([
    bsonElement(1, 'ok', Buffer.alloc(8)),
    bsonElement(2, 'errmsg', bsonString(sentence)),
    bsonElement(16, 'code', int32(MONGO_UNAUTHORIZED)),
    bsonElement(2, 'codeName', bsonString('Unauthorized')),
  ])
  const body = legacy
    ? Buffer.concat([int32(0), Buffer.alloc(8), int32(0), int32(1), document])
    : Buffer.concat([int32(0), Buffer.from([0]), document])
  return Buffer.concat([int32(16 + body.length), int32(1), int32(requestId), int32(legacy ? 1 : 2013), body])
}

function bsonDocument(elements: readonly Buffer[]): Buffer {
  const content = Buffer.concat([...elements, Buffer.from([0])])
  return Buffer.concat([int32(4 + content.length), content])
}

function bsonElement(type: number, name: string, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type]), Buffer.from(`${name}\0`), value])
}

function bsonString(text: string): Buffer {
  const bytes = Buffer.from(`${text}\0`)
  return Buffer.concat([int32(bytes.length), bytes])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

/** PostgreSQL: ErrorResponse, FATAL, invalid_authorization_specification. */
export function postgresRefusal(sentence: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C28000\0M${sentence}\0\0`)
  const head = Buffer.alloc(5)
  head.write('E')
  head.writeUInt32BE(4 + fields.length, 1)
  return Buffer.concat([head, fields])
}

export function redisRefusal(sentence: string): Buffer {
  return Buffer.from(`-NOPERM ${sentence}\r\n`)
}

/** At most `maxBytes` of UTF-8, cut between characters. */
function shortened(text: string, maxBytes: number): string {
  let bytes = 0
  let kept = ''
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > maxBytes) return kept
    kept += character
  }
  return kept
}
