import { type Status, type StatusCause, StatusError } from './status.ts'

/** A resource as errors name it: "serviceentries.networking.istio.io", or "services" of the core group. */
export function qualifiedResource(group: string, plural: string): string {
  return group === '' ? plural : `${plural}.${group}`
}

/** 404: no such object. */
export function notFound(group: string, plural: string, name: string): StatusError {
  const message = `${qualifiedResource(group, plural)} ${JSON.stringify(name)} not found`
  return new StatusError('NotFound', message, about(group, plural, name))
}

/** 404: no such path, kind or version at all. */
export function noSuchResource(): StatusError {
  return new StatusError('NotFound', 'the server could not find the requested resource', {})
}

/** 409: an object of that name exists. */
export function alreadyExists(group: string, plural: string, name: string): StatusError {
  const message = `${qualifiedResource(group, plural)} ${JSON.stringify(name)} already exists`
  return new StatusError('AlreadyExists', message, about(group, plural, name))
}

const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again'

/** 409: somebody else wrote first, or another reason why the write does not fit the object as it is. */
export function conflict(group: string, plural: string, name: string, why: string = MODIFIED): StatusError {
  const message = `Operation cannot be fulfilled on ${qualifiedResource(group, plural)} ${JSON.stringify(name)}: ${why}`
  return new StatusError('Conflict', message, about(group, plural, name))
}

/** 422: fields of the object are wrong. `kind` is the kind, not the plural: kubectl prints `The KIND "NAME" is invalid`. */
export function invalid(group: string, kind: string, name: string, causes: readonly StatusCause[]): StatusError {
  const faults = causes.map(({ field, message }) => (field === undefined ? message : `${field}: ${message}`))
  const all = faults.length === 1 ? faults[0] : `[${faults.join(', ')}]`
  const qualifiedKind = group === '' ? kind : `${kind}.${group}`
  return new StatusError('Invalid', `${qualifiedKind} ${JSON.stringify(name)} is invalid: ${all}`, {
    ...about(group, kind, name),
    causes,
  })
}

/** 400: the request itself cannot be understood. */
export function badRequest(message: string): StatusError {
  return new StatusError('BadRequest', message)
}

/** What somebody wanted to do, as far as a refusal tells. */
export interface Attempt {
  readonly user: string
  readonly verb: string
  readonly group: string
  readonly plural: string
  /** "" when the request was about no object in particular. */
  readonly name: string
  /** "" at the cluster scope. */
  readonly namespace: string
}

/** 403: the user is known and may not do this. */
export function forbidden(attempt: Attempt): StatusError {
  const { user, verb, group, plural, name, namespace } = attempt
  const what =
    name === ''
      ? `${qualifiedResource(group, plural)} is`
      : `${qualifiedResource(group, plural)} ${JSON.stringify(name)} is`
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`
  const message =
    `${what} forbidden: User ${JSON.stringify(user)} cannot ${verb} resource ${JSON.stringify(plural)} ` +
    `in API group ${JSON.stringify(group)} ${where}`
  return new StatusError('Forbidden', message, about(group, plural, name))
}

/** 403: this object may not be changed so by anybody. */
export function notAllowed(group: string, plural: string, name: string, why: string): StatusError {
  const message = `${qualifiedResource(group, plural)} ${JSON.stringify(name)} is forbidden: ${why}`
  return new StatusError('Forbidden', message, about(group, plural, name))
}

/** 401: no credentials, or none that we know. */
export function unauthorized(): StatusError {
  return new StatusError('Unauthorized', 'Unauthorized')
}

/** 405: the resource exists and has no such verb. */
export function methodNotAllowed(group: string, plural: string, verb: string): StatusError {
  const message = `${verb} is not supported on resources of kind ${JSON.stringify(qualifiedResource(group, plural))}`
  return new StatusError('MethodNotAllowed', message, about(group, plural, ''))
}

/** 410: a watch asks for changes that are older than the history that is kept; clients list again. */
export function watchTooOld(): StatusError {
  return new StatusError('Expired', 'The resourceVersion for the provided watch is too old.')
}

/** 410: a listing goes on from a state that is older than the history that is kept. */
export function continueTooOld(): StatusError {
  return new StatusError(
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.',
  )
}

/** 410: a state that is older than the history that is kept was asked for by its resourceVersion. */
export function versionTooOld(requested: string, oldest: string): StatusError {
  return new StatusError('Expired', `too old resource version: ${requested} (${oldest})`)
}

/** 504: a state that does not exist yet was asked for by its resourceVersion; clients try again. */
export function versionTooLarge(requested: string, current: string): StatusError {
  return new StatusError('Timeout', `Timeout: Too large resource version: ${requested}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })
}

/** 415: the body is of a media type that is not read here. */
export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`
  return new StatusError('UnsupportedMediaType', message, {})
}

/** 406: the answer is wanted in a media type that is not written here. */
export function notAcceptable(written: readonly string[]): StatusError {
  return new StatusError('NotAcceptable', `only the following media types are accepted: ${written.join(', ')}`, {})
}

/** 413: more bytes, or more operations, than are read. */
export function tooLarge(why: string): StatusError {
  return new StatusError('RequestEntityTooLarge', `Request entity too large: ${why}`)
}

/** What a finished deletion answers. */
export function success(group: string, plural: string, name: string, uid?: string): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { ...about(group, plural, name), ...(uid === undefined ? {} : { uid }) },
  }
}

function about(group: string, kind: string, name: string): NonNullable<Status['details']> {
  return { ...(name === '' ? {} : { name }), ...(group === '' ? {} : { group }), kind }
}
