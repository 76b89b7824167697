/**
 * Whether a text is an expression of the Common Expression Language. Its syntax is checked, the whole of it; its names and types are not:
 * which attributes there are is the proxy's to know, so an expression that passes here may still never be true.
 */

type Token = { readonly kind: 'name' | 'literal' | 'sign' | 'end'; readonly text: string; readonly at: number }

const SPACE = /(?:\s|\/\/[^\n]*)*/y
const TOKEN =
  /(?<literal>(?:[rR][bB]?|[bB][rR]?)?(?:"""(?:\\[\s\S]|[^\\])*?"""|'''(?:\\[\s\S]|[^\\])*?'''|"(?:\\.|[^"\\\r\n])*"|'(?:\\.|[^'\\\r\n])*')|0[xX][0-9a-fA-F]+[uU]?|(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?[uU]?)|(?<name>[_a-zA-Z][_a-zA-Z0-9]*)|(?<sign>&&|\|\||[<>=!]=|[-+*/%<>!?:.,()[\]{}])/y

const BINARY: ReadonlySet<string> = new Set([
  '&&',
  '||',
  '<',
  '<=',
  '>',
  '>=',
  '==',
  '!=',
  'in',
  '+',
  '-',
  '*',
  '/',
  '%',
])

/** Deeper than anybody writes, and far from what a call stack holds. */
const MAX_DEPTH = 100

class SyntaxFault extends Error {}

/** What is wrong with the syntax of an expression, or undefined. */
export function faultOfCelExpression(text: string): string | undefined {
  try {
    new Parser(tokensOf(text)).parse()
    return undefined
  } catch (error) {
    if (error instanceof SyntaxFault) return `invalid CEL expression: ${error.message}`
    throw error
  }
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = []
  let at = 0
  for (;;) {
    SPACE.lastIndex = at
    SPACE.exec(text)
    at = SPACE.lastIndex
    if (at >= text.length) return [...tokens, { kind: 'end', text: 'the end', at }]
    TOKEN.lastIndex = at
    const groups = TOKEN.exec(text)?.groups
    if (groups === undefined) throw new SyntaxFault(`unexpected ${JSON.stringify(text[at])} at ${at + 1}`)
    const kind = groups.literal !== undefined ? 'literal' : groups.name !== undefined ? 'name' : 'sign'
    tokens.push({ kind, text: text.slice(at, TOKEN.lastIndex), at })
    at = TOKEN.lastIndex
  }
}

class Parser {
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  parse(): void {
    this.#expression()
    if (this.#token.kind !== 'end') this.#refuse()
  }

  get #token(): Token {
    return this.#tokens[this.#next]!
  }

  /** Operands between operators; who binds tighter does not matter to whether it can be read. */
  #expression(): void {
    if (++this.#depth > MAX_DEPTH) throw new SyntaxFault(`nested deeper than ${MAX_DEPTH} levels`)
    this.#operand()
    while (this.#token.kind !== 'literal' && BINARY.has(this.#token.text)) {
      this.#next++
      this.#operand()
    }
    if (this.#takes('?')) {
      this.#expression()
      this.#expect(':')
      this.#expression()
    }
    this.#depth--
  }

  #operand(): void {
    while (this.#takes('!') || this.#takes('-'));
    this.#primary()
    for (;;) {
      if (this.#takes('.')) {
        this.#name()
        if (this.#takes('(')) this.#list(')')
      } else if (this.#takes('[')) {
        this.#expression()
        this.#expect(']')
      } else if (this.#takes('{')) this.#fields()
      else return
    }
  }

  #primary(): void {
    if (this.#token.kind === 'literal') this.#next++
    else if (this.#takes('(')) {
      this.#expression()
      this.#expect(')')
    } else if (this.#takes('[')) this.#list(']')
    else if (this.#takes('{')) this.#fields()
    else {
      this.#takes('.')
      this.#name()
      if (this.#takes('(')) this.#list(')')
    }
  }

  #name(): void {
    if (this.#token.kind !== 'name' || this.#token.text === 'in') this.#refuse()
    this.#next++
  }

  /** Expressions up to the closing sign; a comma may stand before it. */
  #list(end: string): void {
    while (!this.#takes(end)) {
      this.#expression()
      if (this.#takes(',')) continue
      this.#expect(end)
      return
    }
  }

  #fields(): void {
    while (!this.#takes('}')) {
      this.#expression()
      this.#expect(':')
      this.#expression()
      if (this.#takes(',')) continue
      this.#expect('}')
      return
    }
  }

  #takes(sign: string): boolean {
    if (this.#token.kind !== 'sign' || this.#token.text !== sign) return false
    this.#next++
    return true
  }

  #expect(sign: string): void {
    if (!this.#takes(sign)) this.#refuse(`, ${JSON.stringify(sign)} is expected`)
  }

  #refuse(hint = ''): never {
    const { kind, text, at } = this.#token
    throw new SyntaxFault(`unexpected ${kind === 'end' ? 'end' : `${JSON.stringify(text)} at ${at + 1}`}${hint}`)
  }
}
