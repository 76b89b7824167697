import { type ContinueToken, parseContinue } from './continue-token.ts'
import { booleanOption, integerOption, textOption } from './query-options.ts'
import { invalidField, notSupported } from './schema-validation.ts'
import {
  type FieldSelector,
  type LabelSelector,
  METADATA_FIELDS,
  parseFieldSelector,
  parseLabelSelector,
} from './selector.ts'
import type { StatusCause } from './status.ts'
import { badRequest, invalid } from './status-errors.ts'

/** The query of a list, a watch or a deletion of many (meta/v1 ListOptions). */
export interface ListOptions {
  readonly labelSelector: LabelSelector
  readonly fieldSelector: FieldSelector
  readonly watch: boolean
  /** At most this many objects in an answer; undefined: all. */
  readonly limit: number | undefined
  readonly continue: ContinueToken | undefined
  /** A revision; undefined when none is given. 0: any state will do. */
  readonly resourceVersion: number | undefined
  readonly resourceVersionMatch: 'Exact' | 'NotOlderThan' | undefined
  readonly allowWatchBookmarks: boolean
  /** A watch begins with the objects that exist, and a bookmark behind them. */
  readonly sendInitialEvents: boolean | undefined
  /** How long a watch may last; undefined: the server says. */
  readonly timeoutMs: number | undefined
}

/**
 * Reads the query of a list or watch. `selectableFields` are those that a field selector may name. Throws a StatusError: BadRequest for what cannot be read,
 * Invalid for what cannot be meant.
 */
export function parseListOptions(
  query: URLSearchParams,
  selectableFields: readonly string[] = METADATA_FIELDS,
): ListOptions {
  const limit = integerOption(query, 'limit') ?? 0
  const timeoutSeconds = integerOption(query, 'timeoutSeconds')
  const token = textOption(query, 'continue')
  const options = {
    labelSelector: parseLabelSelector(textOption(query, 'labelSelector') ?? ''),
    fieldSelector: parseFieldSelector(textOption(query, 'fieldSelector') ?? '', selectableFields),
    watch: booleanOption(query, 'watch') ?? false,
    limit: limit > 0 ? limit : undefined,
    continue: token === undefined ? undefined : parseContinue(token),
    allowWatchBookmarks: booleanOption(query, 'allowWatchBookmarks') ?? false,
    sendInitialEvents: booleanOption(query, 'sendInitialEvents'),
    timeoutMs: timeoutSeconds === undefined || timeoutSeconds < 0 ? undefined : timeoutSeconds * 1000,
  }
  return { ...options, ...parseVersion(query, options) }
}

type Version = Pick<ListOptions, 'resourceVersion' | 'resourceVersionMatch'>

const MATCHES = ['Exact', 'NotOlderThan'] as const

function parseVersion(
  query: URLSearchParams,
  { watch, sendInitialEvents, continue: from }: Pick<ListOptions, 'watch' | 'sendInitialEvents' | 'continue'>,
): Version {
  const version = textOption(query, 'resourceVersion')
  const given = textOption(query, 'resourceVersionMatch')
  const match = MATCHES.find((name) => name === given)
  const faults: StatusCause[] = []
  if (given !== undefined && match === undefined) {
    faults.push(notSupported('resourceVersionMatch', given, [...MATCHES, '']))
  }
  if (sendInitialEvents !== undefined) {
    if (!watch) faults.push(forbiddenOption('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
    else if (match !== 'NotOlderThan') {
      const why = 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'
      faults.push(forbiddenOption('resourceVersionMatch', why))
    }
  } else if (given !== undefined) {
    const why = matchFault(watch, version, match, from)
    if (why !== undefined) faults.push(forbiddenOption('resourceVersionMatch', why))
  }
  const resourceVersion = readVersion(version, faults)
  if (faults.length > 0) throw invalidOptions('ListOptions', faults)
  if (from !== undefined && version !== undefined && version !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue')
  }
  return { resourceVersion, resourceVersionMatch: match }
}

function matchFault(
  watch: boolean,
  version: string | undefined,
  match: Version['resourceVersionMatch'],
  from: ContinueToken | undefined,
): string | undefined {
  if (watch) return 'resourceVersionMatch is forbidden for watch'
  if (version === undefined) return 'resourceVersionMatch is forbidden unless resourceVersion is provided'
  if (from !== undefined) return 'resourceVersionMatch is forbidden when continue is provided'
  if (match === 'Exact' && version === '0') return 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
  return undefined
}

function readVersion(version: string | undefined, faults: StatusCause[]): number | undefined {
  if (version === undefined) return undefined
  const revision = parseResourceVersion(version)
  if (revision === undefined) {
    const why = `strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`
    faults.push(invalidField('resourceVersion', version, why))
  }
  return revision
}

/** The revision that a resourceVersion is; undefined when it is none of ours. */
export function parseResourceVersion(text: string): number | undefined {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined
}

/** An option that does not go with the others. */
export function forbiddenOption(field: string, why: string): StatusCause {
  return { reason: 'FieldValueForbidden', message: `Forbidden: ${why}`, field }
}

/** 422 about the options of a request: `ListOptions.meta.k8s.io "" is invalid: ...`. */
export function invalidOptions(kind: string, faults: readonly StatusCause[]): Error {
  return invalid('meta.k8s.io', kind, '', faults)
}
