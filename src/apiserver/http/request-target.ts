import type { Access, ResourceAccess } from '#apiserver/auth/access.ts'
import { booleanOption } from '#kube/query-options.ts'

/** What a request line asks for. */
export interface RequestTarget {
  /** Decoded, without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly access: Access
  /** Of a resource: the version of its group in the path. */
  readonly version: string
}

const VERBS: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
}

/** Reads method and URL as the Kubernetes API means them; undefined when the URL is no path at all. */
export function readRequestTarget(method: string, url: string): RequestTarget | undefined {
  const [rawPath = '', ...rest] = url.split('?')
  const segments = decodeSegments(rawPath)
  if (segments === undefined) return undefined
  const query = new URLSearchParams(rest.join('?'))
  const path = `/${segments.join('/')}`
  const resource = readResource(method, segments, query)
  if (resource !== undefined) return { path, query, ...resource }
  return { path, query, access: { kind: 'path', verb: method.toLowerCase(), path }, version: '' }
}

/** A segment that holds a slash, or that means another directory, is refused: nothing here has such a name. */
function decodeSegments(path: string): readonly string[] | undefined {
  if (!path.startsWith('/')) return undefined
  try {
    const segments = path.slice(1).split('/').map(decodeURIComponent)
    if (segments.length > 1 && segments.at(-1) === '') segments.pop()
    return segments.some((one) => one.includes('/') || one === '.' || one === '..') ? undefined : segments
  } catch {
    return undefined
  }
}

/** /api/V/... and /apis/G/V/..., with or without namespaces/NS in front of the resource. */
function readResource(
  method: string,
  segments: readonly string[],
  query: URLSearchParams,
): { readonly access: ResourceAccess; readonly version: string } | undefined {
  const core = segments[0] === 'api'
  if (!core && segments[0] !== 'apis') return undefined
  const group = core ? '' : (segments[1] ?? '')
  const version = segments[core ? 1 : 2] ?? ''
  const rest = segments.slice(core ? 2 : 3)
  if (rest.length === 0) return undefined
  const place = readPlace(group, rest)
  if (place === undefined) return undefined
  const name = place.name === '' ? nameSelected(query) : place.name
  const verb = verbOf(method, place.name, query)
  return {
    access: { kind: 'resource', verb, group, ...place, name: place.name || (isRead(verb) ? name : '') },
    version,
  }
}

type Place = Pick<ResourceAccess, 'namespace' | 'resource' | 'name' | 'subresource'>

function readPlace(group: string, rest: readonly string[]): Place | undefined {
  const [first = '', second = '', ...more] = rest
  // /namespaces/NS, /namespaces/NS/status and /namespaces/NS/finalize are about the namespace itself.
  const itself = group === '' && (more.length === 0 || (more.length === 1 && ['status', 'finalize'].includes(more[0]!)))
  if (first !== 'namespaces' || (rest.length < 3 && group === '') || itself) {
    if (rest.length > 3) return undefined
    const namespace = first === 'namespaces' && group === '' ? second : ''
    return { namespace, resource: first, name: second, subresource: more[0] ?? '' }
  }
  if (more.length === 0 || more.length > 3) return undefined
  return { namespace: second, resource: more[0]!, name: more[1] ?? '', subresource: more[2] ?? '' }
}

function verbOf(method: string, name: string, query: URLSearchParams): string {
  if (method === 'GET' || method === 'HEAD') {
    if (booleanOption(query, 'watch')) return 'watch'
    return name === '' ? 'list' : 'get'
  }
  if (method === 'DELETE') return name === '' ? 'deletecollection' : 'delete'
  return VERBS[method] ?? method.toLowerCase()
}

function isRead(verb: string): boolean {
  return verb === 'list' || verb === 'watch'
}

/** `fieldSelector=metadata.name=x` asks for one object: who may read that one may list and watch it. */
function nameSelected(query: URLSearchParams): string {
  return /^metadata\.name==?([^,=!]+)$/.exec(query.get('fieldSelector') ?? '')?.[1] ?? ''
}
