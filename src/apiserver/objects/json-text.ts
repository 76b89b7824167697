import { duplicateJsonFields } from '#kube/duplicate-json-fields.ts'
import { jsonStringEnd } from '#kube/json-string-end.ts'

/** Bounds on the body of one request. */
export const BODY_LIMITS = {
  /** As Kubernetes: 3 MiB. */
  bytes: 3 << 20,
  depth: 100,
} as const

export type JsonText =
  | { readonly kind: 'value'; readonly value: unknown; readonly duplicates: readonly string[] }
  | { readonly kind: 'refused'; readonly why: string }

const QUOTE = 0x22
const [OPEN_LIST, CLOSE_LIST, OPEN_MAP, CLOSE_MAP] = [0x5b, 0x5d, 0x7b, 0x7d]

/** Reads JSON, and tells which fields of it are given twice (of which the last one counts). Never throws. */
export function readJson(text: string): JsonText {
  if (nestsTooDeep(text)) return { kind: 'refused', why: `nested deeper than ${BODY_LIMITS.depth} levels` }
  try {
    const value: unknown = JSON.parse(text)
    return { kind: 'value', value, duplicates: duplicateJsonFields(text) }
  } catch (thrown) {
    return { kind: 'refused', why: (thrown as Error).message }
  }
}

/** Before anything is parsed: what nests by the hundred thousand would cost much memory. */
function nestsTooDeep(text: string): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === QUOTE) at = jsonStringEnd(text, at)
    else if (unit === OPEN_MAP || unit === OPEN_LIST) {
      if (++depth > BODY_LIMITS.depth) return true
    } else if (unit === CLOSE_MAP || unit === CLOSE_LIST) depth--
  }
  return false
}
