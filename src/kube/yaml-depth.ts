import type { CST } from 'yaml'

/**
 * The offset where collections nest deeper than `limit`, or undefined. Walks the tokens with a stack of its own: the reader
 * after it recurses, and a text of brackets must not exhaust the program's stack.
 */
export function nestsDeeperThan(tokens: readonly CST.Token[], limit: number): number | undefined {
  const stack: { token: CST.Token; depth: number }[] = tokens.map((token) => ({ token, depth: 0 }))
  for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
    const { token, depth } = entry
    if (token.type === 'document') {
      if (token.value) stack.push({ token: token.value, depth })
      continue
    }
    if (!('items' in token)) continue
    if (depth >= limit) return token.offset
    for (const item of token.items) {
      if (item.key) stack.push({ token: item.key, depth: depth + 1 })
      if (item.value) stack.push({ token: item.value, depth: depth + 1 })
    }
  }
  return undefined
}
