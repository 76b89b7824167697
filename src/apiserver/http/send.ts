import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import { StatusError } from '#kube/status.ts'
import { readAccept } from './negotiate.ts'
import type { Outbox } from './outbox.ts'
import { type ContentReply, JSON_TYPE, refusal } from './reply.ts'

const gzipped = promisify(gzip)

/** What is smaller is sent as it is, as Kubernetes does. */
const GZIP_FROM_BYTES = 128 << 10
/** Headers of a client's own HTTP library are bounded too. */
const MAX_WARNING_BYTES = 4096

/** Who sends on while the answer is there is read for so much longer, and so many bytes: ended at once, many clients would not come to reading it. */
const LINGER = { ms: 5000, bytes: 64 << 20 } as const

/** Writes a reply that is not a watch; compressed when it is large and the client takes that. */
export async function sendContent(
  request: IncomingMessage,
  response: ServerResponse,
  reply: ContentReply,
  outbox: Outbox,
): Promise<void> {
  let body = typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body
  const parcel = outbox.take(response, body.length)
  if (parcel === undefined) return sendContent(request, response, tooManyRequests(), outbox)
  for (const [name, value] of Object.entries(reply.headers)) response.setHeader(name, value)
  writeWarnings(response, reply.warnings)
  if (body.length >= GZIP_FROM_BYTES && takesGzip(request)) {
    body = await gzipped(body, { level: constants.Z_BEST_SPEED })
    parcel.shrinkTo(body.length)
    response.setHeader('Content-Encoding', 'gzip')
  }
  response.setHeader('Vary', 'Accept, Accept-Encoding')
  response.writeHead(reply.code, { 'Content-Type': reply.contentType, 'Content-Length': body.length })
  if (request.method === 'HEAD') return void response.end()
  if (!isUnread(request)) return void response.end(body)
  response.write(body)
  await discardRest(request)
  response.end()
}

/** Whether some of the request's body is not read, so that the connection has to end with the answer. */
export function isUnread(request: IncomingMessage): boolean {
  const { headers, complete } = request
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? '0') > 0
  return !complete && hasBody
}

export function tooManyRequests(): ContentReply {
  const why = 'too many requests, please try again later'
  return refusal(new StatusError('TooManyRequests', why, { retryAfterSeconds: 1 }))
}

function discardRest(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0
    const timer = setTimeout(resolve, LINGER.ms)
    const enough = () => {
      clearTimeout(timer)
      resolve()
    }
    request.on('data', (piece: Buffer) => {
      bytes += piece.length
      if (bytes > LINGER.bytes) enough()
    })
    for (const event of ['end', 'close', 'error']) request.once(event, enough)
    request.resume()
  })
}

/** The head of a stream of JSON lines. */
export function startStream(response: ServerResponse, warnings: readonly string[]): void {
  writeWarnings(response, warnings)
  response.writeHead(200, { 'Content-Type': JSON_TYPE, 'Cache-Control': 'no-cache, private' })
  response.flushHeaders()
}

/** `Warning: 299 - "text"` (RFC 7234, 5.5): quoted, without control characters; what would make the head too large is left out. */
function writeWarnings(response: ServerResponse, warnings: readonly string[]): void {
  let bytes = 0
  const lines: string[] = []
  for (const warning of new Set(warnings)) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters would end or break the header
    const text = warning.replace(/[\u0000-\u001f\u007f]+/g, ' ').replace(/["\\]/g, (one) => `\\${one}`)
    const line = Buffer.from(`299 - "${text}"`, 'utf8').toString('latin1')
    bytes += line.length
    if (bytes > MAX_WARNING_BYTES) break
    lines.push(line)
  }
  if (lines.length > 0) response.setHeader('Warning', lines)
}

function takesGzip(request: IncomingMessage): boolean {
  const accepted = request.headers['accept-encoding']
  return accepted !== undefined && readAccept(String(accepted)).some(({ type }) => type === 'gzip' || type === '*')
}
