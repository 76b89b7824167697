/** A piece of a label selector: an operator, bracket, comma or identifier; `end` has an empty text. */
export interface SelectorToken {
  readonly kind: 'identifier' | 'symbol' | 'end'
  readonly text: string
}

const SYMBOLS = new Set(['=', '==', '!=', '!', '(', ')', ',', '>', '<'])
const IS_SYMBOL = /[=!(),<>]/
const IDENTIFIER = /[^=!(),<>\s]+/y

/** Takes a label selector apart as Kubernetes does: the longest operator first; "in" and "notin" are identifiers until an operator is expected. */
export function selectorTokens(text: string): readonly SelectorToken[] {
  const tokens: SelectorToken[] = []
  let at = 0
  while (at < text.length) {
    const character = text[at] as string
    if (/\s/.test(character)) {
      at++
      continue
    }
    const token = IS_SYMBOL.test(character) ? symbolAt(text, at) : identifierAt(text, at)
    tokens.push(token)
    at += token.text.length
  }
  tokens.push({ kind: 'end', text: '' })
  return tokens
}

function symbolAt(text: string, at: number): SelectorToken {
  const two = text.slice(at, at + 2)
  const symbol = SYMBOLS.has(two) ? two : text.slice(at, at + 1)
  return { kind: 'symbol', text: symbol }
}

function identifierAt(text: string, at: number): SelectorToken {
  IDENTIFIER.lastIndex = at
  return { kind: 'identifier', text: IDENTIFIER.exec(text)?.[0] ?? '' }
}
