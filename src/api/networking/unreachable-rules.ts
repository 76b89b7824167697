import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'
import type { HttpMatch, VirtualServiceSpec } from './virtual-service.ts'

/** A rule of any protocol, as far as reaching it is concerned. */
interface Rule {
  readonly name?: string
  readonly match: readonly object[]
}

/** Warns of rules that an earlier one keeps from ever being used (spec 1.3, validation 20; spec 8.2, IST0130 and IST0131). */
export function warnOfUnreachableRules(spec: VirtualServiceSpec, report: Report): void {
  warnOfRules(spec.http, ['spec', 'http'], report)
  warnOfRules(spec.tls, ['spec', 'tls'], report)
  warnOfRules(spec.tcp, ['spec', 'tcp'], report)
  warnOfCoveredPrefixes(spec, report)
}

function warnOfRules(rules: readonly Rule[], path: FieldPath, report: Report): void {
  /** Conditions so far, and the rule that had them first. */
  const seen = new Map<string, number>()
  let takesAll = false
  for (const [index, rule] of rules.entries()) {
    const at = [...path, index]
    const reason = takesAll ? reasonAfterCatchAll(rule) : warnOfRepeatedMatches(rule, rules, seen, at, report)
    if (reason !== undefined) report.warn(at, `virtualService rule ${labelOf(rule, index)} not used (${reason})`)
    if (rule.match.length === 0) takesAll = true
    for (const match of rule.match) {
      const key = conditionOf(match)
      if (!seen.has(key)) seen.set(key, index)
    }
  }
}

function reasonAfterCatchAll(rule: Rule): string {
  return rule.match.length === 0 ? 'only the last rule can have no matches' : 'route without matches defined before'
}

/** Warns of conditions that an earlier rule has too; says why the rule as a whole is not used, when none is its own. */
function warnOfRepeatedMatches(
  rule: Rule,
  rules: readonly Rule[],
  seen: ReadonlyMap<string, number>,
  path: FieldPath,
  report: Report,
): string | undefined {
  let repeated = 0
  for (const [index, match] of rule.match.entries()) {
    const earlier = seen.get(conditionOf(match))
    if (earlier === undefined) continue
    repeated++
    const names = `rule ${labelOf(rule, Number(path.at(-1)))} match #${index}`
    const text = `virtualService ${names} not used (duplicate/overlapping match in rule ${labelOf(rules[earlier]!, earlier)})`
    report.warn([...path, 'match', index], text)
  }
  return repeated > 0 && repeated === rule.match.length ? 'all matches used by prior rules' : undefined
}

/** Whether two conditions are the same does not depend on their names. */
function conditionOf(match: object): string {
  return JSON.stringify({ ...match, name: undefined, statPrefix: undefined })
}

function labelOf(rule: Rule, index: number): string {
  return rule.name === undefined || rule.name === '' ? `#${index}` : JSON.stringify(rule.name)
}

/**
 * A prefix that begins with an earlier rule's prefix is never reached where the earlier one asks for nothing else, or for the same.
 * Istio warns of more: of earlier conditions that are narrower too, which leave requests for the later rule.
 */
function warnOfCoveredPrefixes(spec: VirtualServiceSpec, report: Report): void {
  let comparisons = 0
  const earlier = new Map<string, { readonly match: HttpMatch; readonly rule: number }[]>()
  for (const [rule, { match: matches, name }] of spec.http.entries()) {
    for (const [index, match] of matches.entries()) {
      const shorter = prefixesOf(match).flatMap((prefix) => earlier.get(prefix) ?? [])
      const cover = shorter.find((place) => comparisons++ < MAX_COMPARISONS && covers(place.match, match))
      if (cover === undefined) continue
      const by = labelOf(spec.http[cover.rule]!, cover.rule)
      const text = `virtualService rule ${labelOf({ name, match: [] }, rule)} match #${index} not used (duplicate/overlapping match in rule ${by})`
      report.warn(['spec', 'http', rule, 'match', index], text)
    }
    for (const match of matches) {
      if (match.uri?.kind !== 'prefix') continue
      const places = earlier.get(match.uri.value) ?? []
      places.push({ match, rule })
      earlier.set(match.uri.value, places)
    }
  }
}

/** Warnings are not worth seconds: of thousands of rules that begin alike, not each is held against each. */
const MAX_COMPARISONS = 100_000

/** Longer prefixes cover nothing here: looking for what they cover would cost the square of their length. */
const MAX_PREFIX = 1024

/** What a prefix begins with, shortest first. Equal prefixes are left out: with equal conditions they are duplicates, which are told anyway. */
function prefixesOf({ uri }: HttpMatch): readonly string[] {
  if (uri?.kind !== 'prefix') return []
  return Array.from({ length: Math.min(uri.value.length, MAX_PREFIX) }, (_, length) => uri.value.slice(0, length))
}

/** Whether `a` asks of a request nothing that `b` does not ask too, paths aside. */
function covers(a: HttpMatch, b: HttpMatch): boolean {
  const conditions = Object.keys(a).filter((field) => !['name', 'statPrefix', 'uri'].includes(field))
  return conditions.every((field) => {
    const [mine, theirs] = [a[field as keyof HttpMatch], b[field as keyof HttpMatch]]
    return isAbsent(mine) || JSON.stringify(mine) === JSON.stringify(theirs)
  })
}

function isAbsent(condition: HttpMatch[keyof HttpMatch]): boolean {
  if (typeof condition === 'object') return Object.keys(condition).length === 0
  return condition === undefined || condition === '' || condition === false
}
