import {
  defaultFieldManager,
  type WriteOptions as ParsedOptions,
  parseWriteOptions,
  type WriteVerb,
} from '#kube/write-options.ts'

/** What the query of a write says about how it is meant; who owns the fields that are written is always known. */
export interface WriteOptions extends ParsedOptions {
  readonly fieldManager: string
}

/** Reads the query of a write; `userAgent` names the manager where the query does not. Throws a StatusError `Invalid`. */
export function readWriteOptions(query: URLSearchParams, verb: WriteVerb, userAgent: string): WriteOptions {
  const options = parseWriteOptions(query, verb)
  return { ...options, fieldManager: options.fieldManager ?? defaultFieldManager(userAgent) }
}
