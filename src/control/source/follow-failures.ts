import type { FollowState } from '#kube/client/informer.ts'
import { type Resource, resourceName } from '#kube/client/resource.ts'

/** What a resource is to the mesh. */
export interface FollowedResource {
  readonly resource: Resource
  /** Whether configuration is made of it: nothing is served before it was read once. */
  readonly isEssential: boolean
  /** Whether it is told that the server does not have it; that the server has it no longer always is. */
  readonly isExpected: boolean
}

export type FollowStates = ReadonlyMap<FollowedResource, FollowState>

/** One reason for which resources cannot be followed. */
interface Failure {
  readonly message: string
  /** The server itself, whichever resource it was asked for. */
  readonly isOfServer: boolean
  readonly isEssential: boolean
  readonly resources: readonly Resource[]
}

/** A sentence for each reason that is new, or new for some resources. `isSynced`: everything essential has been read once. */
export function failureSentences(before: FollowStates, now: FollowStates, isSynced: boolean): readonly string[] {
  const known = failuresIn(before)
  return [...failuresIn(now)].flatMap(([cause, failure]) => {
    const told = known.get(cause)
    if (told !== undefined && failure.isOfServer) return []
    const others = failure.resources.filter((resource) => !told?.resources.includes(resource))
    return others.length === 0 ? [] : [sentence({ ...failure, resources: others }, isSynced)]
  })
}

function sentence({ message, isOfServer, isEssential, resources }: Failure, isSynced: boolean): string {
  if (isOfServer)
    return `${message}; ${isSynced ? 'what was last known stays in force' : 'nothing is served before that'}`
  const kept = isSynced ? 'what was last known of them stays in force' : 'nothing is served before they can be'
  const consequence = isEssential ? kept : 'their statuses do not say what has no effect'
  const [first, ...others] = resources.map(resourceName)
  const likewise = others.length === 0 ? '' : `; likewise ${others.join(', ')}`
  return `${first} cannot be followed: ${message}; ${consequence}${likewise}`
}

function failuresIn(states: FollowStates): ReadonlyMap<string, Failure> {
  const failures = new Map<string, Failure>()
  for (const [{ resource, isEssential }, state] of states) {
    if (state.kind !== 'failing') continue
    const { fault, refusal } = state
    const message = refusal === undefined ? fault.message : `${refusal.message} (${refusal.code})`
    const isOfServer = refusal === undefined || isWithoutRegard(refusal.code)
    const cause = isOfServer ? message : `${refusal.code} ${isEssential}`
    const known = failures.get(cause)
    const resources = [...(known?.resources ?? []), resource]
    const whole =
      refusal !== undefined && isOfServer ? `the API server does not answer what it is asked: ${message}` : message
    failures.set(cause, { message: known?.message ?? whole, isOfServer, isEssential, resources })
  }
  return failures
}

/** Who asks is not known, or the server is overloaded or not ready: the same for whatever it is asked. */
function isWithoutRegard(code: number): boolean {
  return code === 401 || code === 429 || code >= 500
}
