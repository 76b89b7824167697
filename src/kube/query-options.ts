import { badRequest } from './status-errors.ts'

/** The value of a parameter; undefined when it is absent or empty. */
export function textOption(query: URLSearchParams, name: string): string | undefined {
  const text = query.get(name)
  return text === null || text === '' ? undefined : text
}

/** A parameter is true unless it says "false" or "0": that is how Kubernetes reads them. Undefined when it is absent. */
export function booleanOption(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name)
  return text === null ? undefined : !/^(?:false|0)$/i.test(text)
}

/** A whole number; undefined when the parameter is absent or empty. Throws a StatusError (BadRequest) for anything else. */
export function integerOption(query: URLSearchParams, name: string): number | undefined {
  const text = textOption(query, name)
  if (text === undefined) return undefined
  if (!/^[-+]?[0-9]+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  const number = Number(text)
  if (!Number.isSafeInteger(number)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`)
  }
  return number
}
