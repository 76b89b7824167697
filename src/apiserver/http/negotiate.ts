import { StatusError } from '#kube/status.ts'

/** The shape that a client wants objects in. */
export type Representation =
  | { readonly kind: 'object' }
  | { readonly kind: 'table'; readonly apiVersion: string }
  | { readonly kind: 'metadata'; readonly apiVersion: string }

interface MediaRange {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
  readonly quality: number
}

const OBJECT: Representation = { kind: 'object' }

/** The first representation that the Accept header asks for and that there is; throws a StatusError `NotAcceptable` when there is none. */
export function negotiate(accept: string | undefined): Representation {
  if (accept === undefined || accept.trim() === '') return OBJECT
  for (const range of readAccept(accept)) {
    const found = representationOf(range)
    if (found !== undefined) return found
  }
  throw new StatusError('NotAcceptable', 'only the following media types are accepted: application/json')
}

/** Media ranges in the order of their quality; those of quality 0 are left out. */
export function readAccept(accept: string): readonly MediaRange[] {
  const ranges = accept.split(',').map((part) => {
    const [type = '', ...rest] = part.split(';').map((piece) => piece.trim())
    const parameters = new Map(rest.map((one) => splitOnce(one, '=')))
    const quality = Number(parameters.get('q') ?? '1')
    return { type: type.toLowerCase(), parameters, quality: Number.isFinite(quality) ? quality : 0 }
  })
  return ranges.filter((one) => one.quality > 0).sort((a, b) => b.quality - a.quality)
}

function representationOf({ type, parameters }: MediaRange): Representation | undefined {
  if (!['application/json', 'application/*', '*/*'].includes(type)) return undefined
  const as = parameters.get('as')
  if (as === undefined) return OBJECT
  const version = parameters.get('v')
  if (parameters.get('g') !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) return undefined
  const apiVersion = `meta.k8s.io/${version}`
  if (as === 'Table') return { kind: 'table', apiVersion }
  return as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList'
    ? { kind: 'metadata', apiVersion }
    : undefined
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator)
  return at < 0
    ? [text, '']
    : [
        text.slice(0, at).trim(),
        text
          .slice(at + 1)
          .trim()
          .replace(/^"(.*)"$/, '$1'),
      ]
}
