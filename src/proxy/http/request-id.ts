import { randomFillSync } from 'node:crypto'

const BYTES = 16
/** As many as node:crypto's own randomUUID fetches at a time. */
const BATCH = 128
const HEX: readonly number[] = [...'0123456789abcdef'].map((digit) => digit.charCodeAt(0))
const DASH = 0x2d
/** A dash stands in front of the bytes with these numbers. */
const DASHED: readonly boolean[] = Array.from({ length: BYTES }, (_, i) => [4, 6, 8, 10].includes(i))

const random = Buffer.allocUnsafeSlow(BYTES * BATCH)
const text = Buffer.allocUnsafeSlow(36)
let used = random.length

/**
 * A random UUID (RFC 9562, version 4) for x-request-id. node:crypto's randomUUID puts its text together from twenty pieces, which
 * costs more each time the identifier is written: this one is in one piece.
 */
export function requestId(): string {
  if (used === random.length) {
    randomFillSync(random)
    used = 0
  }
  let at = 0
  for (let i = 0; i < BYTES; i += 1) {
    if (DASHED[i] === true) text[at++] = DASH
    let byte = random[used + i] as number
    if (i === 6) byte = (byte & 0x0f) | 0x40
    else if (i === 8) byte = (byte & 0x3f) | 0x80
    text[at++] = HEX[byte >> 4] as number
    text[at++] = HEX[byte & 15] as number
  }
  used += BYTES
  return text.toString('latin1')
}
