import { Fault } from '#base/fault.ts'
import type { KubeClient } from './kube-client.ts'
import { type DiscoveredResource, groupVersionPath, splitApiVersion } from './resource.ts'

/** What a server serves, as it says itself. */
export class Discovery {
  /** Each resource once: in the preferred version of its group, or in the first other one that has it; core kinds first. */
  readonly resources: readonly DiscoveredResource[]
  readonly #all: readonly DiscoveredResource[]

  /** `all` has the versions of each group in the order of preference. */
  constructor(all: readonly DiscoveredResource[]) {
    this.#all = all
    this.resources = [...Map.groupBy(all, ({ plural, group }) => `${plural}.${group}`).values()].map(
      ([first]) => first!,
    )
  }

  /** The resource that a person means: by plural, singular, short name or kind, in any case; `NAME.GROUP` tells groups apart. */
  named(name: string): DiscoveredResource | undefined {
    const wanted = name.toLowerCase()
    const [bare = '', ...group] = wanted.split('.')
    return (
      this.resources.find((one) => namesOf(one).includes(wanted)) ??
      this.resources.find((one) => group.join('.') === one.group && namesOf(one).includes(bare))
    )
  }

  /** The resource that holds objects of an apiVersion and kind. */
  ofKind(apiVersion: string, kind: string): DiscoveredResource | undefined {
    const { group, version } = splitApiVersion(apiVersion)
    return this.#all.find((one) => one.group === group && one.version === version && one.kind === kind)
  }
}

function namesOf({ plural, singular, kind, shortNames }: DiscoveredResource): readonly string[] {
  return [plural, singular, kind.toLowerCase(), ...shortNames]
}

/** Asks a server what it serves. Throws a Fault when it cannot be asked or will not tell. */
export async function discover(client: KubeClient): Promise<Discovery> {
  const groups = await ask<{ groups?: readonly GroupListing[] }>(client, '/apis')
  const served = [{ group: '', version: 'v1' }, ...(groups.groups ?? []).flatMap(versionsOf)]
  const found = await Promise.all(served.map(({ group, version }) => resourcesOf(client, group, version)))
  return new Discovery(found.flat())
}

interface GroupListing {
  readonly name: string
  readonly versions: readonly { readonly version: string }[]
  readonly preferredVersion?: { readonly version: string }
}

interface ResourceListing {
  readonly name: string
  readonly singularName?: string
  readonly namespaced?: boolean
  readonly kind: string
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly verbs?: readonly string[]
}

/** The preferred version first. */
function versionsOf({ name, versions, preferredVersion }: GroupListing) {
  const names = new Set([preferredVersion, ...versions].flatMap((one) => one?.version ?? []))
  return [...names].map((version) => ({ group: name, version }))
}

async function resourcesOf(client: KubeClient, group: string, version: string): Promise<readonly DiscoveredResource[]> {
  const listing = await ask<{ resources?: readonly ResourceListing[] }>(client, groupVersionPath({ group, version }))
  return (listing.resources ?? [])
    .filter(({ name }) => !name.includes('/'))
    .map(({ name, singularName, namespaced, kind, shortNames, categories, verbs }) => ({
      group,
      version,
      plural: name,
      singular: singularName || kind.toLowerCase(),
      namespaced: namespaced === true,
      kind,
      shortNames: shortNames ?? [],
      categories: categories ?? [],
      verbs: verbs ?? [],
    }))
}

async function ask<T>(client: KubeClient, path: string): Promise<T> {
  const outcome = await client.raw('GET', path)
  if (outcome.kind === 'done') return outcome.value as T
  throw new Fault('kube/discovery', `the API server does not tell what it serves: ${path}: ${outcome.refusal.message}`)
}
