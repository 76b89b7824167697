import { apiVersionOf, type KindDefinition } from '#api/kind.ts'

/** One kind in one of its served versions: what a path such as /apis/networking.istio.io/v1/serviceentries leads to. */
export interface ServedKind {
  readonly definition: KindDefinition
  readonly version: string
  /** "networking.istio.io/v1" */
  readonly apiVersion: string
}

/** A group of the API and its versions, the preferred one first. */
export interface ServedGroup {
  readonly group: string
  readonly versions: readonly [string, ...string[]]
}

/** The kinds that this server serves. */
export class KindRegistry {
  readonly kinds: readonly KindDefinition[]
  readonly #served = new Map<string, ServedKind>()

  constructor(kinds: readonly KindDefinition[]) {
    this.kinds = kinds
    for (const definition of kinds) {
      for (const version of definition.versions) {
        const served = { definition, version, apiVersion: apiVersionOf(definition, version) }
        this.#served.set(`${definition.group}/${version}/${definition.plural}`, served)
      }
    }
  }

  /** By the words of a path. */
  find(group: string, version: string, plural: string): ServedKind | undefined {
    return this.#served.get(`${group}/${version}/${plural}`)
  }

  /** By the words of an object, such as those of an owner reference. */
  findKind(apiVersion: string, kind: string): ServedKind | undefined {
    for (const served of this.#served.values()) {
      if (served.apiVersion === apiVersion && served.definition.kind === kind) return served
    }
    return undefined
  }

  /** Every kind of one group in one version, by plural name. */
  inVersion(group: string, version: string): readonly ServedKind[] {
    const found = [...this.#served.values()].filter(
      (served) => served.definition.group === group && served.version === version,
    )
    return found.sort((a, b) => (a.definition.plural < b.definition.plural ? -1 : 1))
  }

  /** Groups by name, the core group "" first; versions from the most stable and newest on. */
  groups(): readonly ServedGroup[] {
    const versions = new Map<string, Set<string>>()
    for (const { group, versions: served } of this.kinds) {
      const known = versions.get(group) ?? new Set()
      for (const version of served) known.add(version)
      versions.set(group, known)
    }
    return [...versions]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([group, names]) => ({ group, versions: [...names].sort(byStability) as [string, ...string[]] }))
  }
}

/** v2 before v1, v1 before v1beta2, v1beta2 before v1beta1, betas before alphas: the order that Kubernetes gives versions. */
function byStability(a: string, b: string): number {
  const [left, right] = [rankOf(a), rankOf(b)]
  for (const [index, rank] of left.entries()) if (rank !== right[index]) return right[index]! - rank
  return a < b ? -1 : 1
}

function rankOf(version: string): readonly [number, number, number] {
  const [, major = '0', stage, minor = '0'] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? []
  return [stage === undefined ? 2 : stage === 'beta' ? 1 : 0, Number(major), Number(minor)]
}
