import { type CodecFault, INVALID_HOST, INVALID_TARGET } from './codec-fault.ts'

/** What a request is for: `path` includes the query; authority is as written, "" when only the Host field can tell. */
export interface RequestTarget {
  readonly form: 'origin' | 'absolute' | 'authority' | 'asterisk'
  readonly scheme: 'http' | 'https'
  readonly authority: string
  readonly path: string
}

const ABSOLUTE = /^(https?):\/\/([^/?]*)(.*)$/i
/** reg-name or IPv4 (letters, digits, "-", "_", ".", percent-encoding aside), or a bracketed IPv6 address; and a port. */
const AUTHORITY = /^(?:[A-Za-z0-9._~!$&'()*+,;=-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?$/

/**
 * The text, when it is a host with or without a port: no user information, no empty host, no percent-encoding; undefined otherwise.
 * One that was asked last is the same string again, so that comparing it with itself costs nothing.
 */
export function authorityOf(text: string): string | undefined {
  if (text === lastAuthority) return lastAuthority
  if (text.length > 262 || !AUTHORITY.test(text)) return undefined
  lastAuthority = text
  return text
}

/** Passed the test: the next one is often the same. */
let lastAuthority = 'localhost'

/** RFC 9112 section 3.2. */
export function parseTarget(method: string, target: string): RequestTarget | CodecFault {
  if (method === 'CONNECT') {
    const portAt = target.lastIndexOf(':')
    if (authorityOf(target) === undefined || portAt === -1 || portAt === target.length - 1 || target.endsWith(']'))
      return INVALID_HOST
    return { form: 'authority', scheme: 'http', authority: target, path: '' }
  }
  if (target.charCodeAt(0) === 0x2f) return { form: 'origin', scheme: 'http', authority: '', path: target }
  if (target === '*') {
    return method === 'OPTIONS' ? { form: 'asterisk', scheme: 'http', authority: '', path: '*' } : INVALID_TARGET
  }
  const absolute = ABSOLUTE.exec(target)
  if (absolute === null) return INVALID_TARGET
  const authority = authorityOf(absolute[2]!)
  if (authority === undefined) return INVALID_HOST
  const rest = absolute[3]!
  return {
    form: 'absolute',
    scheme: absolute[1]!.toLowerCase() as 'http' | 'https',
    authority,
    path: rest.startsWith('/') ? rest : `/${rest}`,
  }
}
