import { createRequire } from 'node:module'
import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'
import { regexSize } from './regex-size.ts'

/** Rules about regular expressions (spec 1.3, validation 7). */

/** Envoy limits the size of a compiled program, which is always larger than the expression's text. */
const MAX_LENGTH = 1024

/**
 * Of all expressions of one object together, as `regexSize` counts: reading them takes about a second then. A megabyte of "[a-z]{1000}" would take ten,
 * one of Unicode classes minutes, and nothing else is done meanwhile.
 */
const MAX_SIZE_OF_OBJECT = 1_000_000

/** What the expressions of an object that is being checked came to so far. */
const sizes = new WeakMap<Report, number>()

const require = createRequire(import.meta.url)

/** An expression in RE2's syntax that matches the field `where`. */
export function checkRegex(text: string, where: string, path: FieldPath, report: Report): void {
  report.fault(path, faultOfRegex(text, where, report))
}

function faultOfRegex(text: string, where: string, report: Report): string | undefined {
  const place = JSON.stringify(where)
  if (text === '') return `${place}: regex string match should not be empty`
  if (text.length > MAX_LENGTH) return `${place}: regex is too large, max length allowed is ${MAX_LENGTH}`
  const size = (sizes.get(report) ?? 0) + regexSize(text)
  if (size > MAX_SIZE_OF_OBJECT)
    return `${place}: regex is too large: with it, those of this object come to ${size} characters, repetitions written out; max allowed is ${MAX_SIZE_OF_OBJECT}`
  sizes.set(report, size)
  // Loaded with the first expression: most files hold none, and its Unicode tables are large.
  const { RE2Set } = require('re2js') as typeof import('re2js')
  try {
    // A set parses what is added, and compiles when it is asked.
    new RE2Set().add(text)
    return undefined
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    return `${place}: ${cause}; Istio uses RE2 style regex-based match (https://github.com/google/re2/wiki/Syntax)`
  }
}
