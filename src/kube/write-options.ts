import { isJsonMap } from './json-value.ts'
import { forbiddenOption, invalidOptions } from './list-options.ts'
import { booleanOption, integerOption, textOption } from './query-options.ts'
import { invalidField, notSupported, requiredValue } from './schema-validation.ts'
import type { StatusCause } from './status.ts'
import { badRequest } from './status-errors.ts'

/** The query of a create, an update or a patch (meta/v1 CreateOptions, UpdateOptions, PatchOptions). */
export interface WriteOptions {
  /** Everything is checked and answered, and nothing is kept. */
  readonly dryRun: boolean
  /** Who owns the fields that are written; undefined: the user agent says (`defaultFieldManager`). */
  readonly fieldManager: string | undefined
  /** What unknown and duplicate fields are: an error, a warning, nothing. Default Warn. */
  readonly fieldValidation: 'Strict' | 'Warn' | 'Ignore'
  /** A server-side apply takes fields away from others. */
  readonly force: boolean
}

const FIELD_VALIDATIONS = ['Ignore', 'Strict', 'Warn'] as const

/** What a write is; `apply` is the patch that server-side apply makes. */
export type WriteVerb = 'create' | 'update' | 'patch' | 'apply'

const OPTIONS_KIND = { create: 'CreateOptions', update: 'UpdateOptions', patch: 'PatchOptions', apply: 'PatchOptions' }

/** Reads the query of a write. Throws a StatusError (Invalid) with all that cannot be meant. */
export function parseWriteOptions(query: URLSearchParams, verb: WriteVerb): WriteOptions {
  const faults: StatusCause[] = []
  const dryRun = readDryRun(query.getAll('dryRun'), faults)
  const fieldManager = textOption(query, 'fieldManager')
  if (fieldManager !== undefined) checkManager(fieldManager, faults)
  else if (verb === 'apply') faults.push(requiredValue('fieldManager', 'is required for apply patch'))
  const given = textOption(query, 'fieldValidation') ?? 'Warn'
  const fieldValidation = FIELD_VALIDATIONS.find((name) => name === given)
  if (fieldValidation === undefined) faults.push(notSupported('fieldValidation', given, ['', ...FIELD_VALIDATIONS]))
  const force = booleanOption(query, 'force')
  if (force !== undefined && verb === 'patch') {
    faults.push(forbiddenOption('force', 'may not be specified for non-apply patch'))
  }
  if (faults.length > 0 || fieldValidation === undefined) throw invalidOptions(OPTIONS_KIND[verb], faults)
  return { dryRun, fieldManager, fieldValidation, force: verb === 'apply' && force === true }
}

/** Who owns the fields of a writer that gives no name: what its user agent begins with. */
export function defaultFieldManager(userAgent: string | undefined): string {
  const name = (userAgent ?? '').split('/', 1)[0]?.replace(/[^\x20-\x7e]/g, '') ?? ''
  return name === '' ? 'unknown' : name.slice(0, MAX_MANAGER)
}

/** How an object is deleted (meta/v1 DeleteOptions). */
export interface DeleteOptions {
  readonly dryRun: boolean
  /** What becomes of the objects that belong to it; undefined: the server says. */
  readonly propagationPolicy: 'Orphan' | 'Background' | 'Foreground' | undefined
  /** Undefined: the kind says. */
  readonly gracePeriodSeconds: number | undefined
  /** What the object must be to be deleted. */
  readonly preconditions: { readonly uid: string | undefined; readonly resourceVersion: string | undefined }
}

const POLICIES = ['Foreground', 'Background', 'Orphan'] as const

/** Reads the options of a deletion from its body, or from the query when there is none. Throws a StatusError (BadRequest or Invalid). */
export function parseDeleteOptions(query: URLSearchParams, body: unknown): DeleteOptions {
  if (body !== undefined && !isJsonMap(body)) throw badRequest('the body of a deletion must be DeleteOptions')
  const given = body ?? fromQuery(query)
  const { propagationPolicy, orphanDependents, gracePeriodSeconds, preconditions } = given
  const faults: StatusCause[] = []
  const dryRun = readDryRun(given.dryRun ?? [], faults)
  const policy = POLICIES.find((name) => name === propagationPolicy)
  if (isGiven(propagationPolicy) && policy === undefined) {
    faults.push(notSupported('propagationPolicy', propagationPolicy, [...POLICIES, 'nil']))
  }
  if (isGiven(orphanDependents) && isGiven(propagationPolicy)) {
    const why = 'orphanDependents and deletionPropagation cannot be both set'
    faults.push(invalidField('propagationPolicy', propagationPolicy, why))
  }
  if (isGiven(gracePeriodSeconds) && !Number.isSafeInteger(gracePeriodSeconds)) {
    faults.push(invalidField('gracePeriodSeconds', gracePeriodSeconds, 'must be a whole number'))
  }
  const required = isJsonMap(preconditions) ? preconditions : {}
  if (faults.length > 0) throw invalidOptions('DeleteOptions', faults)
  return {
    dryRun,
    propagationPolicy: isGiven(orphanDependents) ? (orphanDependents === true ? 'Orphan' : 'Background') : policy,
    gracePeriodSeconds: isGiven(gracePeriodSeconds) ? Math.max(0, gracePeriodSeconds as number) : undefined,
    preconditions: { uid: textOf(required.uid), resourceVersion: textOf(required.resourceVersion) },
  }
}

function fromQuery(query: URLSearchParams): Readonly<Record<string, unknown>> {
  return {
    dryRun: query.getAll('dryRun'),
    propagationPolicy: textOption(query, 'propagationPolicy'),
    orphanDependents: booleanOption(query, 'orphanDependents'),
    gracePeriodSeconds: integerOption(query, 'gracePeriodSeconds'),
  }
}

function readDryRun(given: unknown, faults: StatusCause[]): boolean {
  const values: readonly unknown[] = Array.isArray(given) ? given : [given]
  for (const value of values) if (value !== 'All') faults.push(notSupported('dryRun', value, ['All']))
  return values.length > 0
}

const MAX_MANAGER = 128

function checkManager(name: string, faults: StatusCause[]): void {
  if (name.length > MAX_MANAGER) {
    const message = `Too long: may not be more than ${MAX_MANAGER} bytes`
    faults.push({ reason: 'FieldValueTooLong', message, field: 'fieldManager' })
  }
  for (const { 0: character, index } of name.matchAll(/[\p{C}\p{Zl}\p{Zp}]/gu)) {
    const code = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')
    faults.push(invalidField('fieldManager', name, `invalid character U+${code} (at position ${index})`))
  }
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
