import { Fault } from '#base/fault.ts'
import type { KubeClient } from './kube-client.ts'
import { type DiscoveredResource, groupVersionPath, splitApiVersion } from './resource.ts'

/** What a server serves, as it says itself. */
export class Discovery {
  /** Resources of the preferred version of each group; core kinds first. */
  readonly resources: readonly DiscoveredResource[]
  readonly #all: readonly DiscoveredResource[]

  constructor(preferred: readonly DiscoveredResource[], others: readonly DiscoveredResource[]) {
    this.resources = preferred
    this.#all = [...preferred, ...others]
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
  const core = { group: '', preferred: 'v1', versions: ['v1'] }
  const served = [core, ...(groups.groups ?? []).map(readGroup)]
  const listings = await Promise.all(
    served.flatMap(({ group, preferred, versions }) =>
      versions.map(async (version) => ({
        isPreferred: version === preferred,
        found: await resourcesOf(client, group, version),
      })),
    ),
  )
  const of = (isPreferred: boolean) =>
    listings.filter((one) => one.isPreferred === isPreferred).flatMap((one) => one.found)
  return new Discovery(of(true), of(false))
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

function readGroup({ name, versions, preferredVersion }: GroupListing) {
  const names = versions.map(({ version }) => version)
  return { group: name, preferred: preferredVersion?.version ?? names[0], versions: names }
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
