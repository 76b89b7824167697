import { createRequire } from 'node:module'

/** Rules about regular expressions (spec 1.3, validation 7). Returns what is wrong, or undefined. */

/** Envoy limits the size of a compiled program, which is always larger than the expression's text. */
const MAX_LENGTH = 1024

const require = createRequire(import.meta.url)

/** An expression in RE2's syntax that matches the field `where`. */
export function faultOfRegex(text: string, where: string): string | undefined {
  const place = JSON.stringify(where)
  if (text === '') return `${place}: regex string match should not be empty`
  if (text.length > MAX_LENGTH) return `${place}: regex is too large, max length allowed is ${MAX_LENGTH}`
  // Loaded with the first expression: most files hold none, and its Unicode tables are large.
  const { RE2Set } = require('re2js') as typeof import('re2js')
  try {
    // A set parses what is added, and compiles when it is asked: "[a-z]{1000}" many times over would take long to compile.
    new RE2Set().add(text)
    return undefined
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    return `${place}: ${cause}; Istio uses RE2 style regex-based match (https://github.com/google/re2/wiki/Syntax)`
  }
}
