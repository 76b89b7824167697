/** One request to an API server. */
export interface Request {
  readonly method: string
  readonly path: string
  /** A text goes as it stands, anything else as JSON. */
  readonly body?: unknown
  /** Default: application/json. */
  readonly type?: string
  /** Why we answer otherwise than Kubernetes does. */
  readonly differs?: string
}

const ENTRIES = '/apis/networking.istio.io/v1/namespaces/default/serviceentries'
const MAPS = '/api/v1/namespaces/default/configmaps'
const MERGE = 'application/merge-patch+json'
const STRATEGIC = 'application/strategic-merge-patch+json'
const JSON_PATCH = 'application/json-patch+json'
const APPLY = 'application/apply-patch+yaml'

const RULES =
  "we say that rules were left out, as Kubernetes does of Istio's own definitions, which have rules besides their schema"
const MORE = 'we say what is wrong'
const WORDS = 'the words of Go are not ours'

function entry(name: string, spec: object = {}, metadata: object = {}) {
  const ports = [{ number: 443, name: 'tls', protocol: 'TLS' }]
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name, ...metadata },
    spec: { hosts: ['a.example.com'], ports, resolution: 'DNS', ...spec },
  }
}

function configMap(name: string, fields: object = {}) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: 'b' }, ...fields }
}

type Row = readonly [string, string, unknown?, (string | undefined)?, string?]

/** In their order: each finds what those before it left. */
export const REQUESTS: readonly Request[] = rows([
  // Reading, and lists that cannot be had.
  ['GET', ENTRIES],
  ['GET', `${ENTRIES}/none`],
  ['GET', '/apis/networking.istio.io/v1/nothings', undefined, undefined, 'ours is a Status, theirs a page'],
  ['GET', `${ENTRIES}?limit=x`],
  ['GET', `${ENTRIES}?fieldSelector=spec.hosts%3Da`],
  ['GET', `${ENTRIES}?labelSelector=a%3D%3D%3Db`],
  ['GET', `${ENTRIES}?resourceVersionMatch=Exact`],
  ['GET', `${ENTRIES}?resourceVersionMatch=Exact&resourceVersion=0`],
  ['GET', `${ENTRIES}?resourceVersion=999999999`],
  ['GET', `${ENTRIES}?continue=garbage`, undefined, undefined, WORDS],
  ['GET', `${ENTRIES}?watch=true&timeoutSeconds=x`],
  ['GET', '/api/v1/namespaces/nowhere/configmaps'],
  // Creating.
  ['POST', ENTRIES, entry('a')],
  ['POST', ENTRIES, entry('a')],
  ['GET', `${ENTRIES}/a`],
  ['GET', `${ENTRIES}?fieldSelector=metadata.name%3Da`],
  ['POST', ENTRIES, { ...entry('b'), apiVersion: 'networking.istio.io/v1beta1' }],
  ['POST', ENTRIES, entry('Bad_Name')],
  ['POST', ENTRIES, entry('')],
  ['POST', ENTRIES, entry('b', {}, { namespace: 'other' })],
  ['POST', ENTRIES, entry('b', {}, { labels: { a: 'not a label!' } })],
  ['POST', ENTRIES, entry('b', {}, { labels: { 'a b': 'x' } })],
  ['POST', ENTRIES, entry('b', {}, { annotations: { 'a b': 'x' } })],
  ['POST', ENTRIES, entry('b', {}, { resourceVersion: '5' }), undefined, 'a fault of who asks is no 500 of ours'],
  ['POST', ENTRIES, entry('b', { hosts: [] }), undefined, RULES],
  ['POST', ENTRIES, entry('b', { hosts: 'x' }), undefined, RULES],
  ['POST', ENTRIES, entry('b', { resolution: 'SOMETIMES' }), undefined, RULES],
  ['POST', ENTRIES, entry('b', { extra: 1 })],
  ['POST', `${ENTRIES}?fieldValidation=Strict`, entry('c', { extra: 1 })],
  ['POST', `${ENTRIES}?fieldValidation=Odd`, entry('c')],
  ['POST', `${ENTRIES}?dryRun=All`, entry('dry')],
  ['POST', '/apis/networking.istio.io/v1/namespaces/nowhere/serviceentries', entry('c')],
  // Replacing.
  ['PUT', `${ENTRIES}/none`, entry('none')],
  ['PUT', `${ENTRIES}/a`, entry('other')],
  ['PUT', `${ENTRIES}/a`, entry('a')],
  ['PUT', `${ENTRIES}/a`, entry('a', {}, { resourceVersion: '1' })],
  // Patching.
  ['PATCH', `${ENTRIES}/a`, { spec: { resolution: 'NONE' } }, MERGE],
  ['PATCH', `${ENTRIES}/none`, { spec: {} }, MERGE],
  ['PATCH', `${ENTRIES}/a`, { metadata: { name: 'z' } }, MERGE],
  ['PATCH', `${ENTRIES}/a`, { metadata: { resourceVersion: '1' } }, MERGE],
  ['PATCH', `${ENTRIES}/a`, {}, STRATEGIC],
  ['PATCH', `${ENTRIES}/a`, {}, 'text/plain'],
  ['PATCH', `${ENTRIES}/a`, [{ op: 'replace', path: '/spec/none/x', value: 1 }], JSON_PATCH, MORE],
  ['PATCH', `${ENTRIES}/a`, [{ op: 'test', path: '/spec/resolution', value: 'x' }], JSON_PATCH, MORE],
  ['PATCH', `${ENTRIES}/a`, entry('a'), APPLY],
  ['PATCH', `${ENTRIES}/a?fieldManager=me`, entry('a'), APPLY],
  ['PATCH', `${ENTRIES}/new?fieldManager=me`, entry('new'), APPLY],
  ['PATCH', `${ENTRIES}/new?fieldManager=you`, entry('new', { resolution: 'NONE' }), APPLY],
  // Statuses.
  ['PATCH', `${ENTRIES}/a/status`, { status: { conditions: [{ type: 'X', status: 'True' }] } }, MERGE],
  ['PATCH', `${ENTRIES}/none/status`, { status: {} }, MERGE],
  ['PATCH', `${ENTRIES}/a/status`, { spec: { resolution: 'STATIC' } }, MERGE],
  ['PATCH', `${ENTRIES}/a`, { status: { x: 1 } }, MERGE],
  ['GET', `${ENTRIES}/a/status`],
  // Deleting.
  ['DELETE', `${ENTRIES}/none`],
  ['DELETE', `${ENTRIES}/a`, { propagationPolicy: 'Odd' }],
  ['DELETE', `${ENTRIES}/a?dryRun=All`],
  ['DELETE', `${ENTRIES}/a`],
  ['DELETE', ENTRIES],
  // A kind of Kubernetes itself.
  ['POST', MAPS, configMap('a')],
  ['POST', MAPS, configMap('a')],
  ['GET', `${MAPS}/a`],
  ['POST', MAPS, configMap('b', { data: { a: 1 } }), undefined, WORDS],
  ['PATCH', `${MAPS}/a`, { data: { a: null, c: 'd' } }, STRATEGIC],
  ['PUT', `${MAPS}/a`, configMap('a', { immutable: true })],
  ['PUT', `${MAPS}/a`, configMap('a', { data: { z: 'z' } })],
  ['DELETE', `${MAPS}/a`],
  ['GET', '/api/v1/namespaces/nowhere'],
])

function rows(all: readonly Row[]): readonly Request[] {
  return all.map(([method, path, body, type, differs]) => ({
    method,
    path,
    ...(body === undefined ? {} : { body }),
    ...(type === undefined ? {} : { type }),
    ...(differs === undefined ? {} : { differs }),
  }))
}
