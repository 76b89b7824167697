import { addressText } from '#base/ip-address.ts'
import type { Preamble, PreambleStep } from './preamble.ts'

const NO_AUTHENTICATION = 0
const USER_PASSWORD = 2
const CONNECT = 1
const ADDRESS = { ipv4: 1, domain: 3, ipv6: 4 } as const
/** Reply codes of RFC 1928, section 6. */
const SUCCEEDED = 0
const NOT_ALLOWED = 2
const COMMAND_NOT_SUPPORTED = 7
const ADDRESS_NOT_SUPPORTED = 8

const MORE: PreambleStep = { kind: 'more' }

/** SOCKS5 (RFC 1928); user and password (RFC 1929) are accepted and not looked at. */
export class Socks5Preamble implements Preamble {
  private phase: 'greeting' | 'password' | 'request' = 'greeting'

  step(bytes: Buffer): { step: PreambleStep; rest: Buffer } {
    if (this.phase === 'greeting') return this.greeting(bytes)
    return this.phase === 'password' ? this.password(bytes) : this.request(bytes)
  }

  accepted(): Buffer {
    return reply(SUCCEEDED)
  }

  refused(): Buffer {
    return reply(NOT_ALLOWED)
  }

  private greeting(bytes: Buffer): { step: PreambleStep; rest: Buffer } {
    const count = bytes[1]
    if (count === undefined || bytes.length < 2 + count) return { step: MORE, rest: bytes }
    const methods = bytes.subarray(2, 2 + count)
    const rest = bytes.subarray(2 + count)
    if (methods.includes(NO_AUTHENTICATION)) this.phase = 'request'
    else if (methods.includes(USER_PASSWORD)) this.phase = 'password'
    else return { step: { kind: 'refuse', reply: Buffer.from([5, 0xff]) }, rest }
    const method = this.phase === 'request' ? NO_AUTHENTICATION : USER_PASSWORD
    return { step: { kind: 'reply', reply: Buffer.from([5, method]) }, rest }
  }

  private password(bytes: Buffer): { step: PreambleStep; rest: Buffer } {
    const userLength = bytes[1]
    const passwordLength = userLength === undefined ? undefined : bytes[2 + userLength]
    if (userLength === undefined || passwordLength === undefined) return { step: MORE, rest: bytes }
    const end = 3 + userLength + passwordLength
    if (bytes.length < end) return { step: MORE, rest: bytes }
    this.phase = 'request'
    return { step: { kind: 'reply', reply: Buffer.from([1, 0]) }, rest: bytes.subarray(end) }
  }

  private request(bytes: Buffer): { step: PreambleStep; rest: Buffer } {
    if (bytes.length < 5) return { step: MORE, rest: bytes }
    const end = requestEnd(bytes)
    if (end === undefined) return { step: { kind: 'refuse', reply: reply(ADDRESS_NOT_SUPPORTED) }, rest: bytes }
    if (bytes.length < end) return { step: MORE, rest: bytes }
    const rest = bytes.subarray(end)
    if (bytes[1] !== CONNECT) return { step: { kind: 'refuse', reply: reply(COMMAND_NOT_SUPPORTED) }, rest }
    const host = hostOf(bytes)
    const port = bytes.readUInt16BE(end - 2)
    if (host === '' || port === 0) return { step: { kind: 'refuse', reply: reply(ADDRESS_NOT_SUPPORTED) }, rest }
    return { step: { kind: 'target', target: { host, port, protocol: 'opaque' } }, rest }
  }
}

/** Where the request ends; undefined for an unknown address type. */
function requestEnd(bytes: Buffer): number | undefined {
  switch (bytes[3]) {
    case ADDRESS.ipv4:
      return 4 + 4 + 2
    case ADDRESS.ipv6:
      return 4 + 16 + 2
    case ADDRESS.domain:
      return 4 + 1 + (bytes[4] as number) + 2
    default:
      return undefined
  }
}

function hostOf(bytes: Buffer): string {
  if (bytes[3] === ADDRESS.domain) return bytes.toString('latin1', 5, 5 + (bytes[4] as number)).toLowerCase()
  return addressText(bytes.subarray(4, bytes[3] === ADDRESS.ipv4 ? 8 : 20))
}

function reply(code: number): Buffer {
  return Buffer.from([5, code, 0, ADDRESS.ipv4, 0, 0, 0, 0, 0, 0])
}
