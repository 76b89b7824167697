import { isJsonMap } from './json-value.ts'
import { badRequest } from './status-errors.ts'

/** Where the next page of a listing begins, in the state that its first page showed. */
export interface ContinueToken {
  readonly revision: number
  /** The last object of the page before. */
  readonly namespace: string
  readonly name: string
}

const VERSION = 'meta.k8s.io/v1'

/** The token as clients send it back: opaque to them. */
export function formatContinue({ revision, namespace, name }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: VERSION, rv: revision, start: `${namespace}/${name}` })).toString('base64url')
}

/** Reads a token of ours. Throws a StatusError (BadRequest) for any other text. */
export function parseContinue(text: string): ContinueToken {
  const token = decode(text)
  if (token === undefined) throw badRequest('continue key is not valid: it was not issued by this server')
  return token
}

function decode(text: string): ContinueToken | undefined {
  if (!/^[A-Za-z0-9_-]{1,2000}$/.test(text)) return undefined
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString())
  } catch {
    return undefined
  }
  if (!isJsonMap(value)) return undefined
  const { v, rv, start } = value
  if (v !== VERSION || typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv < 1 || typeof start !== 'string') {
    return undefined
  }
  const [namespace, name, ...rest] = start.split('/')
  return namespace === undefined || !name || rest.length > 0 ? undefined : { revision: rv, namespace, name }
}
