/** Which bytes may stand where in an HTTP/1.1 message (RFC 9110 section 5.6.2, RFC 9112 sections 2 to 5). One table, a bit per class. */
export const TOKEN = 1
/** Visible ASCII: what a request target is made of. */
export const TARGET = 2
/** Field values and reason phrases: visible ASCII, space, tab, and bytes above 0x7f (obs-text). */
export const TEXT = 4
export const DIGIT = 8
export const HEX = 16
/** Between the quotes of a quoted string, escapes aside. */
export const QUOTED = 32

const TOKEN_MARKS = "!#$%&'*+-.^_`|~"

/** Byte → the classes it belongs to. */
export const BYTE_CLASS: Uint8Array = buildTable()

function buildTable(): Uint8Array {
  const table = new Uint8Array(256)
  for (let byte = 0; byte < 256; byte++) table[byte] = classesOf(byte)
  return table
}

function classesOf(byte: number): number {
  const digit = byte >= 0x30 && byte <= 0x39
  const lower = byte | 0x20
  const letter = lower >= 0x61 && lower <= 0x7a && byte < 0x80
  const visible = byte > 0x20 && byte < 0x7f
  const text = visible || byte === 0x20 || byte === 0x09 || byte > 0x7f
  let classes = 0
  if (digit || letter || (visible && TOKEN_MARKS.includes(String.fromCharCode(byte)))) classes |= TOKEN
  // A fragment never travels (RFC 9112, 3.2): what is behind "#" would be read differently by different servers.
  if (visible && byte !== 0x23) classes |= TARGET
  if (text) classes |= TEXT
  if (text && byte !== 0x22 && byte !== 0x5c) classes |= QUOTED
  if (digit) classes |= DIGIT
  if (digit || (lower >= 0x61 && lower <= 0x66)) classes |= HEX
  return classes
}

export const CR = 0x0d
export const LF = 0x0a
export const SP = 0x20
export const HT = 0x09
export const COLON = 0x3a
export const SEMICOLON = 0x3b
export const EQUALS = 0x3d
export const QUOTE = 0x22
