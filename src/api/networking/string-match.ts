import { checkRegex } from '#api/rules/regex.ts'
import { type Decode, described, message, oneofCase, optional, shaped, string } from '#api/schema/decode.ts'
import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'

/** How a text is compared (spec 1.0): regex is RE2 and matches the whole text; `{}` is "any", whatever the text is. */
export type StringMatch =
  | { readonly kind: 'exact' | 'prefix' | 'regex'; readonly value: string }
  | { readonly kind: 'any' }

interface Written {
  readonly exact: string | undefined
  readonly prefix: string | undefined
  readonly regex: string | undefined
}

const decodeWritten = message<Written>({
  exact: described('The text is this one.', optional(string())),
  prefix: described('The text begins with this one.', optional(string())),
  regex: described('The whole text matches this expression, in the syntax of RE2.', optional(string())),
})

export const decodeStringMatch: Decode<StringMatch> = shaped(decodeWritten, (written, path, report): StringMatch => {
  const kind = oneofCase(written, 'match_type', ['exact', 'prefix', 'regex'], path, report)
  return kind === undefined ? { kind: 'any' } : { kind, value: written[kind]! }
})

/** A prefix that matches everything, or an expression that cannot match, in the field `where` (spec 1.3, validation 7). */
export function checkStringMatch(match: StringMatch, where: string, path: FieldPath, report: Report): void {
  if (match.kind === 'prefix' && match.value === '') {
    report.fault([...path, 'prefix'], `${JSON.stringify(where)}: prefix string match should not be empty`)
  }
  checkRegexMatch(match, where, path, report)
}

/** The rule about expressions alone: a uri may have an empty prefix. */
export function checkRegexMatch(match: StringMatch, where: string, path: FieldPath, report: Report): void {
  if (match.kind === 'regex') checkRegex(match.value, where, [...path, 'regex'], report)
}
