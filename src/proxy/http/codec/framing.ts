import {
  type CodecFault,
  INVALID_CONTENT_LENGTH,
  INVALID_TRANSFER_ENCODING,
  LENGTH_AND_CHUNKED,
} from './codec-fault.ts'
import { CONTENT_LENGTH, TRANSFER_ENCODING } from './field-id.ts'
import type { Fields } from './fields.ts'

/** How a body's end is known: its length in bytes (0: there is no body), or one of these. */
export type Framing = number
export const CHUNKED: Framing = -1
export const UNTIL_CLOSE: Framing = -2

const LENGTH = /^[0-9]{1,15}$/

/**
 * RFC 9112 section 6.3, without its concessions: a length and a coding together, several lengths even if they agree,
 * and any coding but plain "chunked" are refused, because two servers may read them differently.
 */
export function framingOf(fields: Fields, minorVersion: number, withoutLength: Framing): Framing | CodecFault {
  let length: Framing = withoutLength
  let lengths = 0
  let codings = 0
  for (let i = 0; i < fields.count; i++) {
    const id = fields.idAt(i)
    if (id === CONTENT_LENGTH) {
      const value = fields.valueAt(i)
      if (++lengths > 1 || !LENGTH.test(value)) return INVALID_CONTENT_LENGTH
      length = Number(value)
    } else if (id === TRANSFER_ENCODING) {
      if (++codings > 1 || fields.valueAt(i).toLowerCase() !== 'chunked') return INVALID_TRANSFER_ENCODING
    }
  }
  if (codings === 0) return length
  if (lengths > 0) return LENGTH_AND_CHUNKED
  // HTTP/1.0 has no transfer codings: who sends one is confused, or wants to confuse.
  return minorVersion === 0 ? INVALID_TRANSFER_ENCODING : CHUNKED
}
