import type { Report } from '#api/schema/report.ts'
import type { Rejection } from '#control/mesh/rejection.ts'
import type { VirtualIps } from '#control/mesh/virtual-ips.ts'
import type { Message } from '#kube/message.ts'
import { type Condition, conditionOf, conditionsIn, type Verdict } from './condition.ts'
import { unappliedPartsVerdict } from './unapplied-verdict.ts'

/** status of a ServiceEntry as control writes it, and of an EgressRule, which never has addresses. */
export interface ServiceEntryStatus {
  /** Ours, after those of other writers, which stay. */
  readonly conditions: readonly Partial<Condition>[]
  /** The virtual IPs of its hosts, as Istio writes them (spec 1.1); null, which takes the field away, when there are none. */
  readonly addresses: readonly { readonly value: string; readonly host: string }[] | null
}

/** A proxy that has not acknowledged the object's newest generation. */
export interface WaitingProxy {
  readonly name: string
  /** Why it refused it; undefined when it has not answered yet. */
  readonly refusal: string | undefined
}

/** All that a status says, before it is words. */
export interface StatusFacts {
  readonly generation: number
  readonly messages: readonly Message[]
  /** Parts that have no effect by their own nature. */
  readonly unapplied: Report
  /** What of the object has no effect, for whichever proxy. */
  readonly rejections: readonly Rejection[]
  readonly waiting: readonly WaitingProxy[]
  /** How many proxies are connected. */
  readonly proxies: number
  /** Host → its virtual IPs. */
  readonly virtualIps: ReadonlyMap<string, VirtualIps>
}

/** Puts facts into words. `before` is the status as it is: times are kept where a condition's status did not change, and what others wrote. */
export function statusOf(facts: StatusFacts, before: unknown, now: Date): ServiceEntryStatus {
  const own = [acceptedOf(facts), enforcedOf(facts)]
  const others = conditionsIn(before).filter(({ type }) => own.every((verdict) => verdict.type !== type))
  const conditions = [...others, ...own.map((verdict) => conditionOf(verdict, facts.generation, before, now))]
  const addresses = [...facts.virtualIps].flatMap(([host, { v4, v6 }]) => [
    { value: v4, host },
    { value: v6, host },
  ])
  return { conditions, addresses: addresses.length === 0 ? null : addresses }
}

function acceptedOf({ messages, rejections, unapplied }: StatusFacts): Verdict {
  const type = 'Accepted'
  const errors = messages.filter(({ level }) => level === 'error')
  if (errors.length > 0) {
    const text = errors.map((error) => (error.path === '' ? error.text : `${error.path}: ${error.text}`)).join('; ')
    return { type, status: 'False', reason: 'Invalid', message: text }
  }
  const [first] = rejections
  if (first === undefined) return unappliedPartsVerdict(unapplied)
  const texts = new Set(rejections.map(({ path, message }) => `${path}: ${message}`))
  return { type, status: 'False', reason: pascalCase(first.code), message: [...texts].join('; ') }
}

function enforcedOf({ messages, waiting, proxies }: StatusFacts): Verdict {
  const type = 'Enforced'
  if (messages.some(({ level }) => level === 'error'))
    return { type, status: 'False', reason: 'Invalid', message: 'no proxy gets an object with errors' }
  const refused = waiting.filter(({ refusal }) => refusal !== undefined)
  if (refused.length > 0) {
    const message = refused.map(({ name, refusal }) => `${name} refused it: ${refusal}`).join('; ')
    return { type, status: 'False', reason: 'Refused', message }
  }
  if (waiting.length > 0) {
    const message = `${waiting.length} of ${proxies} proxies have not acknowledged it: ${someOf(waiting)}`
    return { type, status: 'False', reason: 'Pending', message }
  }
  return { type, status: 'True', reason: 'Acknowledged', message: 'every connected proxy that sees it has it' }
}

const NAMED = 5

function someOf(waiting: readonly WaitingProxy[]): string {
  const names = waiting.slice(0, NAMED).map(({ name }) => name)
  return waiting.length > NAMED ? `${names.join(', ')} and ${waiting.length - NAMED} more` : names.join(', ')
}

/** "listener-conflict" → "ListenerConflict" */
function pascalCase(code: string): string {
  return code.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
