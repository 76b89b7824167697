import { createRequire } from 'node:module'
import type { HeaderMatch } from '#proxy/config/model.ts'
import type { RequestKey } from './request-key.ts'

/** True when a request's header is as a route demands. */
export type HeaderTest = (request: RequestKey) => boolean

/** Envoy's HeaderMatcher: a missing header fails every test but an inverted one. */
export function compileHeaderMatch(match: HeaderMatch): HeaderTest {
  const read = readerOf(match.name)
  const test = compileTest(match.test)
  const { invert } = match
  return (request) => {
    const value = read(request)
    return (value !== undefined && test(value)) !== invert
  }
}

function readerOf(name: string): (request: RequestKey) => string | undefined {
  if (name === ':method') return (request) => request.method
  if (name === ':authority' || name === 'host') return (request) => request.authority
  if (name === ':path') return (request) => request.path
  if (name === ':scheme') return (request) => request.scheme
  return (request) => request.header(name)
}

function compileTest(test: HeaderMatch['test']): (value: string) => boolean {
  if (test.kind === 'present') return () => true
  const wanted = test.value
  switch (test.kind) {
    case 'exact':
      return (value) => value === wanted
    case 'prefix':
      return (value) => value.startsWith(wanted)
    case 'suffix':
      return (value) => value.endsWith(wanted)
    case 'contains':
      return (value) => value.includes(wanted)
    case 'regex':
      return compileRegex(wanted)
  }
}

const require = createRequire(import.meta.url)

/**
 * RE2 over the whole text (Envoy's safe_regex): linear in the length of what it is asked about. Loaded with the first pattern, because most
 * configurations hold none and its Unicode tables are the largest thing that the proxy would load.
 */
export function compileRegex(pattern: string, caseSensitive = true): (value: string) => boolean {
  const { RE2JS } = require('re2js') as typeof import('re2js')
  const regex = RE2JS.compile(pattern, caseSensitive ? 0 : RE2JS.CASE_INSENSITIVE)
  return (value) => regex.matches(value)
}
