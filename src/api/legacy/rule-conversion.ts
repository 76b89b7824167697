import type { JsonObject } from '#api/kind.ts'
import type { ObjectMeta } from '#kube/object.ts'
import type { DestinationPolicy } from './destination-policy.ts'
import { trafficPolicyOf } from './destination-policy-conversion.ts'
import { hostOf, subsetNameOf } from './istio-service.ts'
import type { RouteRule } from './route-rule.ts'
import { given, httpRouteOf, isTcpRule, subsetsNamedBy, tcpRouteOf } from './route-rule-conversion.ts'

/**
 * Route rules and destination policies as virtual services and destination rules, in the shape they are written in (spec 2.3). All
 * rules about one host make one object, for of several virtual services of a host only one would count: routes are in the order of their
 * precedence, and the labels that they name are subsets of the destination rule.
 */
export function convertRules(
  rules: readonly RouteRule[],
  policies: readonly DestinationPolicy[],
): readonly JsonObject[] {
  return [...virtualServicesOf(rules), ...destinationRulesOf(rules, policies)]
}

/** What is about one host, in one namespace. */
interface Group<T> {
  readonly host: string
  readonly namespace: string | undefined
  readonly members: T[]
}

/** Collects members by namespace and host, in the order in which they come. */
class Groups<T> {
  readonly #byKey = new Map<string, Group<T>>()

  add(host: string, namespace: string | undefined, member: T): void {
    const key = `${namespace ?? 'default'}/${host}`
    const group = this.#byKey.get(key)
    if (group === undefined) this.#byKey.set(key, { host, namespace, members: [member] })
    else group.members.push(member)
  }

  [Symbol.iterator](): Iterator<Group<T>> {
    return this.#byKey.values()
  }
}

function virtualServicesOf(rules: readonly RouteRule[]): readonly JsonObject[] {
  const groups = new Groups<RouteRule>()
  for (const rule of rules) {
    if (rule.spec.destination !== undefined) groups.add(hostOf(rule.spec.destination), rule.metadata.namespace, rule)
  }
  return [...groups].map((group) => {
    const ordered = [...group.members].sort(comparePrecedence)
    const http = ordered.filter((rule) => !isTcpRule(rule)).map(httpRouteOf)
    const tcp = ordered.filter(isTcpRule).map(tcpRouteOf)
    return objectOf('VirtualService', group, ordered.map(metadataOf), {
      hosts: [group.host],
      http: http.length === 0 ? undefined : http,
      tcp: tcp.length === 0 ? undefined : tcp,
    })
  })
}

/** The highest precedence first; of equal ones the smaller name, as the rules of Istio were sorted. */
function comparePrecedence(a: RouteRule, b: RouteRule): number {
  return b.spec.precedence - a.spec.precedence || (a.metadata.name < b.metadata.name ? -1 : 1)
}

type Labels = Readonly<Record<string, string>>

/** What a destination rule is made of: labels that a route names, or a policy for some labels or all workloads. */
interface Part {
  readonly labels: Labels
  readonly policy: DestinationPolicy | undefined
}

function destinationRulesOf(
  rules: readonly RouteRule[],
  policies: readonly DestinationPolicy[],
): readonly JsonObject[] {
  const groups = new Groups<Part>()
  for (const policy of [...policies].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
    const { destination } = policy.spec
    if (destination === undefined) continue
    groups.add(hostOf(destination), policy.metadata.namespace, { labels: destination.labels, policy })
  }
  for (const rule of rules) {
    for (const [host, labels] of subsetsNamedBy(rule)) {
      groups.add(host, rule.metadata.namespace, { labels, policy: undefined })
    }
  }
  return [...groups].map((group) => {
    const whole = group.members.find(({ labels }) => subsetNameOf(labels) === undefined)
    const subsets = subsetsOf(group.members)
    const metadata = group.members.flatMap(({ policy }) => (policy === undefined ? [] : [metadataOf(policy)]))
    return objectOf('DestinationRule', group, metadata, {
      host: group.host,
      trafficPolicy: whole?.policy && trafficPolicyOf(whole.policy),
      subsets: subsets.length === 0 ? undefined : subsets,
    })
  })
}

function subsetsOf(parts: readonly Part[]): readonly JsonObject[] {
  const byName = new Map<string, JsonObject>()
  for (const { labels, policy } of parts) {
    const name = subsetNameOf(labels)
    if (name === undefined || byName.has(name)) continue
    byName.set(name, given({ name, labels, trafficPolicy: policy && trafficPolicyOf(policy) }))
  }
  const names = [...byName.keys()].sort()
  return names.map((name) => byName.get(name)!)
}

/** Policies that say something about workloads of which an earlier one says it already: they are left out, as in Istio. */
export function hiddenPolicies(
  policies: readonly DestinationPolicy[],
): ReadonlyMap<DestinationPolicy, DestinationPolicy> {
  const first = new Map<string, DestinationPolicy>()
  const hidden = new Map<DestinationPolicy, DestinationPolicy>()
  for (const policy of [...policies].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
    const { destination } = policy.spec
    if (destination === undefined) continue
    const key = JSON.stringify([
      policy.metadata.namespace ?? 'default',
      hostOf(destination),
      subsetNameOf(destination.labels),
    ])
    const earlier = first.get(key)
    if (earlier === undefined) first.set(key, policy)
    else hidden.set(policy, earlier)
  }
  return hidden
}

/** Sets of labels of one host that would be subsets of one name, as `HOST: NAME`: then a route might lead to the wrong workloads. */
export function ambiguousSubsets(
  rules: readonly RouteRule[],
  policies: readonly DestinationPolicy[],
): readonly string[] {
  const known = new Map<string, string>()
  const ambiguous = new Set<string>()
  const named = policies.flatMap(({ spec }) =>
    spec.destination === undefined ? [] : [[hostOf(spec.destination), spec.destination.labels] as const],
  )
  for (const [host, labels] of [...named, ...rules.flatMap(subsetsNamedBy)]) {
    const name = `${host}: ${subsetNameOf(labels)}`
    const text = JSON.stringify(Object.entries(labels).sort())
    if (known.get(name) !== undefined && known.get(name) !== text) ambiguous.add(name)
    known.set(name, text)
  }
  return [...ambiguous]
}

function metadataOf({ metadata }: { readonly metadata: ObjectMeta }): ObjectMeta {
  return metadata
}

function objectOf(
  kind: 'VirtualService' | 'DestinationRule',
  { host, namespace }: Group<unknown>,
  sources: readonly ObjectMeta[],
  spec: JsonObject,
): JsonObject {
  const merged = (field: 'labels' | 'annotations') => {
    const all = Object.assign({}, ...[...sources].reverse().map((metadata) => metadata[field])) as JsonObject
    return Object.keys(all).length === 0 ? undefined : all
  }
  const metadata = { name: nameOf(host), namespace, labels: merged('labels'), annotations: merged('annotations') }
  return { apiVersion: 'networking.istio.io/v1', kind, metadata: given(metadata), spec: given(spec) }
}

/** A name for the object of a host: the host itself, as far as names allow. */
function nameOf(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\*/, 'any')
    .replace(/[^a-z0-9.-]/g, '-')
    .replace(/\.+$/, '')
}
