import type { JsonObject } from '#api/kind.ts'
import { tooLarge } from '#kube/status-errors.ts'
import { BODY_LIMITS } from './json-text.ts'

/**
 * Refuses an object that patches made larger than a body may be: nobody could write it back. Throws a StatusError `RequestEntityTooLarge`, unless it
 * does not grow, so that what is too large can be made smaller and be taken leave of.
 */
export function checkSize(object: JsonObject, before: JsonObject | undefined): void {
  const bytes = sizeOf(object)
  if (bytes <= BODY_LIMITS.bytes || (before !== undefined && bytes <= sizeOf(before))) return
  throw tooLarge(`the object would have ${bytes} bytes of JSON; limit is ${BODY_LIMITS.bytes}`)
}

function sizeOf(object: JsonObject): number {
  return Buffer.byteLength(JSON.stringify(object))
}
