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

const MOST_LENGTH_DIGITS = 15

/**
 * RFC 9112 section 6.3, without its concessions: a length and a coding together, several lengths even if they agree,
 * and any coding but plain "chunked" are refused, because two servers may read them differently.
 */
export function framingOf(fields: Fields, minorVersion: number, withoutLength: Framing): Framing | CodecFault {
  if (!fields.hasId(CONTENT_LENGTH) && !fields.hasId(TRANSFER_ENCODING)) return withoutLength
  let length: Framing = withoutLength
  let lengths = 0
  let codings = 0
  for (let i = 0; i < fields.count; i++) {
    const id = fields.idAt(i)
    if (id === CONTENT_LENGTH) {
      length = lengthOf(fields.valueAt(i))
      if (++lengths > 1 || length === NO_LENGTH) return INVALID_CONTENT_LENGTH
    } else if (id === TRANSFER_ENCODING) {
      if (++codings > 1 || fields.valueAt(i).toLowerCase() !== 'chunked') return INVALID_TRANSFER_ENCODING
    }
  }
  if (codings === 0) return length
  if (lengths > 0) return LENGTH_AND_CHUNKED
  // HTTP/1.0 has no transfer codings: who sends one is confused, or wants to confuse.
  return minorVersion === 0 ? INVALID_TRANSFER_ENCODING : CHUNKED
}

const NO_LENGTH = -3

/** Digits and nothing else; other spellings of a number are none. */
function lengthOf(value: string): number {
  if (value.length === 0 || value.length > MOST_LENGTH_DIGITS) return NO_LENGTH
  let length = 0
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return NO_LENGTH
    length = length * 10 + digit
  }
  return length
}
