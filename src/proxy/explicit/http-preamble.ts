import { type ExplicitTarget, parseAuthority } from './explicit-target.ts'
import type { Preamble, PreambleStep } from './preamble.ts'

const HEAD_END = Buffer.from('\r\n\r\n')
const MORE: PreambleStep = { kind: 'more' }

/**
 * HTTP/1.1 to a forward proxy: CONNECT opens a tunnel; a request in absolute form (RFC 9112, 3.2.2) is turned into
 * origin form with "connection: close", since the next request on the connection may be for elsewhere.
 */
export class HttpPreamble implements Preamble {
  private connect = false

  step(bytes: Buffer): { step: PreambleStep; rest: Buffer } {
    const end = bytes.indexOf(HEAD_END)
    if (end < 0) return { step: MORE, rest: bytes }
    const lines = bytes.toString('latin1', 0, end).split('\r\n')
    const body = bytes.subarray(end + HEAD_END.length)
    const [method, target, version, ...surplus] = (lines[0] as string).split(' ')
    if (target === undefined || surplus.length > 0 || !/^HTTP\/1\.[01]$/.test(version ?? ''))
      return { step: badRequest('the request line is not "METHOD TARGET HTTP/1.1"'), rest: body }
    if (method === 'CONNECT') {
      this.connect = true
      return { step: connectTarget(target), rest: body }
    }
    return absoluteForm(method as string, target, version as string, lines.slice(1), body)
  }

  accepted(): Buffer {
    return this.connect ? Buffer.from('HTTP/1.1 200 Connection established\r\n\r\n') : Buffer.alloc(0)
  }

  refused(reason: string, sentence: string): Buffer {
    return response(this.connect ? '403 Forbidden' : '502 Bad Gateway', `${sentence}\n`, reason)
  }
}

function connectTarget(target: string): PreambleStep {
  const authority = parseAuthority(target, undefined)
  return authority === undefined
    ? badRequest(`"${target}" is not HOST:PORT`)
    : { kind: 'target', target: { ...authority, protocol: 'opaque' } }
}

function absoluteForm(
  method: string,
  target: string,
  version: string,
  fields: readonly string[],
  body: Buffer,
): { step: PreambleStep; rest: Buffer } {
  const match = /^http:\/\/([^/?#]+)([^#]*)$/i.exec(target)
  const authority = match === null ? undefined : parseAuthority(match[1] as string, 80)
  if (match === null || authority === undefined)
    return {
      step: badRequest(`"${target}" is not an absolute http:// address; https goes through CONNECT`),
      rest: body,
    }
  const path = (match[2] as string).startsWith('/') ? (match[2] as string) : `/${match[2]}`
  const kept = fields.filter((field) => !/^(host|connection|proxy-[a-z-]+|keep-alive)[ \t]*:/i.test(field))
  const upgrade = fields.some((field) => /^upgrade[ \t]*:/i.test(field))
  const head = [
    `${method} ${path} ${version}`,
    `Host: ${match[1]}`,
    ...kept,
    upgrade ? 'Connection: upgrade' : 'Connection: close',
  ]
  const rest = Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body])
  const explicit: ExplicitTarget = { ...authority, protocol: 'http' }
  return { step: { kind: 'target', target: explicit }, rest }
}

function badRequest(sentence: string): PreambleStep {
  return { kind: 'refuse', reply: response('400 Bad Request', `postern: ${sentence}\n`, undefined) }
}

function response(status: string, body: string, reason: string | undefined): Buffer {
  const denied = reason === undefined ? '' : `x-postern-denied: ${reason}\r\n`
  const length = Buffer.byteLength(body)
  return Buffer.from(
    `HTTP/1.1 ${status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${length}\r\n${denied}connection: close\r\n\r\n${body}`,
  )
}
