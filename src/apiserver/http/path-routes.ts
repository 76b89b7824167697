import type { Discovery } from '#apiserver/discovery/discovery.ts'
import { OPENAPI_V2_TYPES } from '#apiserver/discovery/openapi-v2.ts'
import { StatusError } from '#kube/status.ts'
import { noSuchResource, notAcceptable } from '#kube/status-errors.ts'
import type { ApiRequest } from './api-request.ts'
import { readAccept } from './negotiate.ts'
import { contentReply, JSON_TYPE, jsonReply, type Reply } from './reply.ts'

/** Answers what is no resource: health, version, discovery and schemas. Throws a StatusError. */
export function servePath(discovery: Discovery, { method, path, accept, query }: ApiRequest): Reply {
  if (method !== 'GET' && method !== 'HEAD') {
    throw new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource', {})
  }
  const parts = path.split('/').slice(1)
  switch (parts[0]) {
    case 'healthz':
    case 'livez':
    case 'readyz':
      return contentReply('ok', 'text/plain; charset=utf-8')
    case 'version':
      return jsonReply(discovery.version())
    case 'api':
    case 'apis':
      return discoveryReply(discovery, parts, accept)
    case 'openapi':
      return openApiReply(discovery, parts.slice(1), accept, query)
  }
  throw noSuchResource()
}

function discoveryReply(discovery: Discovery, parts: readonly string[], accept: string | undefined): Reply {
  const [root, group = '', version] = parts
  if (parts.length === 1) {
    const apiVersion = aggregatedVersion(accept)
    if (apiVersion !== undefined) {
      const contentType = `${JSON_TYPE};g=apidiscovery.k8s.io;v=${apiVersion};as=APIGroupDiscoveryList`
      return contentReply(discovery.aggregated(root === 'api', apiVersion), contentType)
    }
    return jsonReply(root === 'api' ? discovery.coreVersions() : discovery.groupList())
  }
  if (root === 'api') return found(parts.length === 2 ? discovery.resources('', group) : undefined)
  if (parts.length === 2) return found(discovery.group(group))
  return found(parts.length === 3 ? discovery.resources(group, version!) : undefined)
}

/** The version in which a client asks for all kinds at once. */
function aggregatedVersion(accept: string | undefined): 'v2' | 'v2beta1' | undefined {
  for (const { type, parameters } of readAccept(accept ?? '')) {
    const version = parameters.get('v')
    if (type !== JSON_TYPE || parameters.get('as') !== 'APIGroupDiscoveryList') continue
    if (parameters.get('g') === 'apidiscovery.k8s.io' && (version === 'v2' || version === 'v2beta1')) return version
  }
  return undefined
}

/** A document whose address names its hash never changes: clients keep it. */
function openApiReply(
  discovery: Discovery,
  parts: readonly string[],
  accept: string | undefined,
  query: URLSearchParams,
): Reply {
  if (parts[0] === 'v2' && parts.length === 1) {
    if (readAccept(accept ?? '').some(({ type }) => OPENAPI_V2_TYPES.some((one) => one === type))) {
      return contentReply(discovery.openApiV2(), OPENAPI_V2_TYPES[0])
    }
    throw notAcceptable(OPENAPI_V2_TYPES)
  }
  if (parts[0] !== 'v3') throw noSuchResource()
  if (parts.length === 1) return jsonReply(discovery.openApiIndex())
  const document = discovery.openApi(parts.slice(1).join('/'))
  if (document === undefined) throw noSuchResource()
  const { hash, text } = document
  const cacheable = query.get('hash') === hash ? { 'Cache-Control': 'public, max-age=31536000, immutable' } : {}
  return contentReply(text, JSON_TYPE, { ETag: JSON.stringify(hash), ...cacheable })
}

function found(value: object | undefined): Reply {
  if (value === undefined) throw noSuchResource()
  return jsonReply(value)
}
