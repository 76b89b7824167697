import type { Discovery } from '#kube/client/discovery.ts'
import type { DiscoveredResource } from '#kube/client/resource.ts'
import { VerbError } from './api-connection.ts'

/** The name that istioctl gave a kind in its messages: "ServiceEntry" is "service-entry". */
export function hyphenated(kind: string): string {
  return kind.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase()
}

/** "service-entry/default/x"; cluster-scoped objects without a namespace. */
export function configKey(kind: string, namespace: string | undefined, name: string): string {
  return [hyphenated(kind), namespace, name].filter((part) => part !== undefined).join('/')
}

/** The resource that a word of the command line means. Throws a VerbError in istioctl's words for a hyphenated or unknown one (spec 2.4). */
export function resourceNamed(word: string, discovery: Discovery): DiscoveredResource {
  const found = discovery.named(word)
  if (found !== undefined) return found
  const joined = word.toLowerCase().replaceAll('-', '')
  if (word.includes('-') && discovery.named(joined) !== undefined) {
    throw new VerbError([
      `${JSON.stringify(word)} not recognized. Please use non-hyphenated resource name ${JSON.stringify(joined)}`,
    ])
  }
  throw new VerbError([`configuration type ${word} not found, the types are ${typeNames(discovery)}`])
}

/** The kinds of Istio that a server has, by their singular names. */
export function configTypes(discovery: Discovery): readonly DiscoveredResource[] {
  return discovery.resources.filter(({ group, verbs }) => group.endsWith('istio.io') && verbs.includes('list'))
}

export function typeNames(discovery: Discovery): string {
  return configTypes(discovery)
    .map(({ singular }) => singular)
    .sort()
    .join(', ')
}
