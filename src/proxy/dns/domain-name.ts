/** A name may not be longer than this on the wire, and not need more jumps than it can have labels. */
const MAX_WIRE = 255
const MAX_JUMPS = 127

/**
 * Reads the uncompressed name of a question.
 * Text has no trailing dot, keeps its case, and writes strange bytes (a dot inside a label, say) as \DDD, so that no name
 * looks like another one. `end` is the offset after the name. Undefined when it is malformed.
 */
export function readQuestionName(
  bytes: Buffer,
  start: number,
): { readonly text: string; readonly end: number } | undefined {
  const labels: string[] = []
  let at = start
  while (at < bytes.length && at - start < MAX_WIRE) {
    const length = bytes[at] as number
    if (length === 0) return { text: labels.join('.'), end: at + 1 }
    if (length > 63 || at + 1 + length > bytes.length) return undefined
    labels.push(labelText(bytes, at + 1, at + 1 + length))
    at += 1 + length
  }
  return undefined
}

/** The offset after a name that may be compressed; undefined when it is malformed, too long, or points anywhere but backwards. */
export function skipName(bytes: Buffer, start: number): number | undefined {
  let at = start
  let end: number | undefined
  let wire = 1
  for (let jumps = 0; jumps <= MAX_JUMPS && at < bytes.length; ) {
    const length = bytes[at] as number
    if (length === 0) return end ?? at + 1
    if (length < 64) {
      wire += 1 + length
      if (wire > MAX_WIRE) return undefined
      at += 1 + length
      continue
    }
    if (length < 192 || at + 1 >= bytes.length) return undefined
    const target = bytes.readUInt16BE(at) & 0x3fff
    if (target >= at || target < 12) return undefined
    end ??= at + 2
    at = target
    jumps += 1
  }
  return undefined
}

/** Wire form of a name made of ordinary labels; undefined for what no such name can be. */
export function encodeName(name: string): Buffer | undefined {
  const parts: Buffer[] = []
  for (const label of name === '' ? [] : name.split('.')) {
    if (!/^[\w*-]{1,63}$/.test(label)) return undefined
    parts.push(Buffer.from([label.length]), Buffer.from(label, 'latin1'))
  }
  const wire = Buffer.concat([...parts, Buffer.from([0])])
  return wire.length <= MAX_WIRE ? wire : undefined
}

function labelText(bytes: Buffer, start: number, end: number): string {
  let text = ''
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number
    text += isOrdinary(byte) ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, '0')}`
  }
  return text
}

/** A name that a stranger says otherwise than by DNS, written the same way: harmless to terminals, shells and Markdown. */
export function plainName(name: string): string {
  return /^[\w.*\\-]*$/.test(name)
    ? name
    : name.replaceAll(/[^\w.*\\-]/gu, (char) => `\\${String(char.codePointAt(0)).padStart(3, '0')}`)
}

/** Letters, digits, "-", "_" and "*". */
function isOrdinary(byte: number): boolean {
  return (
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2d ||
    byte === 0x5f ||
    byte === 0x2a
  )
}
