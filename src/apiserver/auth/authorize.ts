import { StatusError } from '#kube/status.ts'
import { qualifiedResource } from '#kube/status-errors.ts'
import type { Access, PathAccess, ResourceAccess } from './access.ts'
import { ADMIN_GROUP, registrationOf, type User, VIEW_GROUP } from './user.ts'

/** A rule of a role, in the words of rbac.authorization.k8s.io: "*" means all. */
export interface Rule {
  readonly verbs: readonly string[]
  readonly groups: readonly string[]
  readonly resources: readonly string[]
  /** Absent: objects of every name. */
  readonly names?: readonly string[]
  /** Absent: every namespace. */
  readonly namespace?: string
  /** Resources that the rule does not reach although "*" would. */
  readonly except?: readonly string[]
}

const READ_VERBS = ['get', 'list', 'watch']

const ADMIN_RULE: Rule = { verbs: ['*'], groups: ['*'], resources: ['*'] }
const VIEW_RULE: Rule = { verbs: READ_VERBS, groups: ['*'], resources: ['*'], except: ['secrets'] }

/** What everybody with accepted credentials may ask: who am I, and what may I do. */
const SELF_RULES: readonly Rule[] = [
  {
    verbs: ['create'],
    groups: ['authorization.k8s.io'],
    resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
  },
  { verbs: ['create'], groups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
]

/** Paths that tell what the API server serves: everybody with accepted credentials may read them. */
const OPEN_PATHS = [
  '/api',
  '/api/*',
  '/apis',
  '/apis/*',
  '/healthz',
  '/livez',
  '/openapi',
  '/openapi/*',
  '/readyz',
  '/version',
  '/version/',
]

/** Paths that are answered without credentials: whether the server lives, and which one it is. */
export function isPublicPath(path: string): boolean {
  return path === '/livez' || path === '/readyz' || path === '/healthz' || path === '/version'
}

/** What a user may do: admins everything, viewers read all but secrets, a workload reads its own registration. */
export function rulesFor(user: User): readonly Rule[] {
  if (user.groups.includes(ADMIN_GROUP)) return [ADMIN_RULE]
  const registration = registrationOf(user)
  return [
    ...(user.groups.includes(VIEW_GROUP) ? [VIEW_RULE] : []),
    ...(registration === undefined ? [] : [registrationRule(registration)]),
    ...SELF_RULES,
  ]
}

/** The paths that a user may read: all of an admin's, the describing ones of anybody else's. */
export function pathsFor(user: User): readonly string[] {
  return user.groups.includes(ADMIN_GROUP) ? ['*'] : OPEN_PATHS
}

export function isAllowed(user: User, access: Access): boolean {
  if (access.kind === 'resource') return rulesFor(user).some((rule) => allows(rule, access))
  if (user.groups.includes(ADMIN_GROUP)) return true
  return access.verb === 'get' && OPEN_PATHS.some((pattern) => matchesPath(pattern, access.path))
}

/** Throws a StatusError `Forbidden` in Kubernetes' words unless the user may. */
export function authorize(user: User, access: Access): void {
  if (isAllowed(user, access)) return
  if (access.kind === 'path') throw new StatusError('Forbidden', `forbidden: ${pathSentence(user, access)}`)
  const { group, name, resource } = access
  const what = name === '' ? '' : ` ${JSON.stringify(name)}`
  throw new StatusError(
    'Forbidden',
    `${qualifiedResource(group, resource)}${what} is forbidden: ${resourceSentence(user, access)}`,
    { ...(name === '' ? {} : { name }), group, kind: resource },
  )
}

function pathSentence(user: User, { verb, path }: PathAccess): string {
  return `User ${JSON.stringify(user.name)} cannot ${verb} path ${JSON.stringify(path)}`
}

function resourceSentence(user: User, access: ResourceAccess): string {
  const { verb, group, resource, subresource, namespace } = access
  const what = subresource === '' ? resource : `${resource}/${subresource}`
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`
  return `User ${JSON.stringify(user.name)} cannot ${verb} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}`
}

/** A workload is told of its own registration alone: the name must be asked for. */
function registrationRule({ namespace, name }: { readonly namespace: string; readonly name: string }): Rule {
  return {
    verbs: READ_VERBS,
    groups: ['networking.istio.io'],
    resources: ['workloadentries'],
    names: [name],
    namespace,
  }
}

function allows(rule: Rule, access: ResourceAccess): boolean {
  const { verb, group, resource, subresource, namespace, name } = access
  const full = subresource === '' ? resource : `${resource}/${subresource}`
  if (rule.except?.includes(resource) || (rule.except !== undefined && resource === '*')) return false
  return (
    includes(rule.verbs, verb) &&
    includes(rule.groups, group) &&
    includes(rule.resources, full) &&
    (rule.names === undefined || rule.names.includes(name)) &&
    (rule.namespace === undefined || rule.namespace === namespace)
  )
}

function includes(list: readonly string[], value: string): boolean {
  return list.includes('*') || list.includes(value)
}

function matchesPath(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path
}
