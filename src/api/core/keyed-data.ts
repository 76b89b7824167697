import { isDeepStrictEqual } from 'node:util'
import type { JsonObject } from '#api/kind.ts'
import type { Report } from '#api/schema/report.ts'
import { valueAt } from './object-fields.ts'

/** What ConfigMaps and Secrets have in common. */

/** All values together, 1 MiB. */
export const MAX_DATA_BYTES = 1_048_576

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** What keeps a value from being bytes in base64; the value itself is not told: it may be a secret. */
export function faultOfBase64(value: unknown): string | undefined {
  if (typeof value !== 'string' || BASE64.test(value.replace(/[\r\n]/g, ''))) return undefined
  return 'Invalid value: illegal base64 data; put plain text into stringData (of a Secret) or data (of a ConfigMap)'
}

/** With `immutable: true` neither the fields may change nor that. */
export function checkImmutable(before: JsonObject, after: JsonObject, fields: readonly string[], report: Report): void {
  if (before.immutable !== true) return
  if (after.immutable !== true) report.fault(['immutable'], 'Forbidden: field is immutable when `immutable` is set')
  for (const field of fields) {
    if (isDeepStrictEqual(valueAt(before, field) ?? {}, valueAt(after, field) ?? {})) continue
    report.fault([field], 'Forbidden: field is immutable when `immutable` is set')
  }
}
