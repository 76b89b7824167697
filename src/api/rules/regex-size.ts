/** As much as a class of Unicode such as `\pL` costs: tables of ranges are read for it. */
const UNICODE_CLASS_SIZE = 200

const REPEAT = /\{(\d{1,4})(,(\d{0,4}))?\}/y
const QUOTED = /\\Q([\s\S]*?)(?:\\E|$)/y
const ESCAPE = /\\(?:([pP])|x)?(?:\{[^}]*\}|[\s\S])?/y
/** With its brackets; `]` at the beginning and escapes do not end it. */
const CLASS = /\[\^?\]?(?:\\[\s\S]|\[:\^?\w*:\]|[^\]\\])*\]?/y
const UNICODE_CLASS = /\\[pP]/g

/**
 * What it costs to read a regular expression: its characters, repetitions written out, as its program is; "[a-z]{1000}" is about 1000. One pass over the
 * text, which builds nothing and takes what is no expression too.
 */
export function regexSize(text: string): number {
  const outer: number[] = []
  let [size, atom] = [0, 0]
  for (let at = 0; at < text.length; ) {
    const begin = at++
    const next = (pattern: RegExp): RegExpExecArray | undefined => {
      pattern.lastIndex = begin
      const found = pattern.exec(text) ?? undefined
      if (found !== undefined) at = pattern.lastIndex
      return found
    }
    const character = text[begin]
    if (character === '(') {
      outer.push(size)
      size = 0
      atom = 0
    } else if (character === ')') {
      atom = size
      size += outer.pop() ?? 0
    } else if (character === '{') {
      const times = timesOf(next(REPEAT))
      size += atom * (times - 1)
      atom *= times
    } else {
      if (character === '\\') atom = next(QUOTED)?.[1]?.length ?? sizeOfEscape(next(ESCAPE))
      else if (character === '[') atom = sizeOfClass(next(CLASS))
      else atom = 1
      size += atom
    }
  }
  return outer.reduce((sum, one) => sum + one, size)
}

/** As often as it may repeat, where it says so, else as often as it must. */
function timesOf(repeat: RegExpExecArray | undefined): number {
  const [, least = '1', , most = ''] = repeat ?? []
  return Math.max(1, Number(most === '' ? least : most))
}

function sizeOfEscape(written: RegExpExecArray | undefined): number {
  return written?.[1] === undefined ? 1 : UNICODE_CLASS_SIZE
}

function sizeOfClass(written: RegExpExecArray | undefined): number {
  return 1 + (written?.[0].match(UNICODE_CLASS)?.length ?? 0) * UNICODE_CLASS_SIZE
}
