/** Who sends a request, as its credentials say. */
export interface User {
  readonly name: string
  readonly groups: readonly string[]
}

/** May do everything, as in Kubernetes. */
export const ADMIN_GROUP = 'system:masters'
/** May read everything but secrets. */
export const VIEW_GROUP = 'postern:viewers'
/** May read its own registration: the name is that of `workloadUser`. */
export const WORKLOAD_GROUP = 'postern:workloads'
/** Everybody whose credentials were accepted. */
export const AUTHENTICATED_GROUP = 'system:authenticated'

const WORKLOAD_PREFIX = 'postern:workload:'

/** The user that the sidecar of one workload is. */
export function workloadUser(namespace: string, name: string): User {
  return { name: `${WORKLOAD_PREFIX}${namespace}:${name}`, groups: [WORKLOAD_GROUP] }
}

/** The registration that a workload's user is named for. */
export function registrationOf(user: User): { readonly namespace: string; readonly name: string } | undefined {
  if (!user.groups.includes(WORKLOAD_GROUP) || !user.name.startsWith(WORKLOAD_PREFIX)) return undefined
  const [namespace, name, ...rest] = user.name.slice(WORKLOAD_PREFIX.length).split(':')
  return namespace === undefined || name === undefined || rest.length > 0 ? undefined : { namespace, name }
}
