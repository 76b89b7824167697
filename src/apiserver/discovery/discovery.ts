import type { KindRegistry } from '#apiserver/objects/kind-registry.ts'
import type { StoredObject } from '#apiserver/store/store.ts'
import { type ApiGroupVersion, apiGroupVersions } from './api-resource.ts'
import { aggregatedDiscovery, apiGroup, apiGroupList, apiResourceList, coreVersions } from './discovery-lists.ts'
import { openApiV2 } from './openapi-v2.ts'
import { type OpenApiDocument, openApiDocument } from './openapi-v3.ts'
import { resourceDefinitions } from './resource-definitions.ts'

/** The Kubernetes version whose API this server speaks: clients decide by it what they may ask. */
const VERSION = { major: '1', minor: '36', gitVersion: 'v1.36.0+postern' } as const

const TITLE = 'Postern'

/** Tells clients what is served. Kinds do not change while a server runs, so that every answer is made once. */
export class Discovery {
  readonly #registry: KindRegistry
  /** The kinds that are not of Kubernetes itself, as their definitions. */
  readonly definitions: readonly StoredObject[]
  readonly #all: readonly ApiGroupVersion[]
  readonly #documents = new Map<string, OpenApiDocument>()
  #v2: Uint8Array | undefined
  readonly #aggregated = new Map<string, string>()

  constructor(registry: KindRegistry) {
    this.#registry = registry
    this.definitions = resourceDefinitions(registry, new Date())
    this.#all = apiGroupVersions(registry)
  }

  version(): object {
    return {
      ...VERSION,
      gitCommit: '',
      gitTreeState: '',
      buildDate: '1970-01-01T00:00:00Z',
      goVersion: '',
      compiler: `node ${process.version}`,
      platform: `${process.platform}/${process.arch}`,
    }
  }

  coreVersions(): object {
    return coreVersions(this.#all)
  }

  groupList(): object {
    return apiGroupList(this.#all)
  }

  group(name: string): object | undefined {
    return apiGroup(this.#all, name)
  }

  resources(group: string, version: string): object | undefined {
    const found = this.#all.find((one) => one.group === group && one.version === version)
    return found && apiResourceList(found)
  }

  /** All kinds of the core group, or of the others, as JSON text. */
  aggregated(isCore: boolean, apiVersion: string): string {
    const key = `${apiVersion} ${isCore}`
    const text = this.#aggregated.get(key) ?? JSON.stringify(aggregatedDiscovery(this.#all, isCore, apiVersion))
    this.#aggregated.set(key, text)
    return text
  }

  /** `/openapi/v2`, in protobuf. */
  openApiV2(): Uint8Array {
    this.#v2 ??= openApiV2(this.#registry, TITLE, VERSION.gitVersion)
    return this.#v2
  }

  /** `/openapi/v3`: where each document is; the hash in its address changes with it. */
  openApiIndex(): object {
    const paths = this.#groupVersions().map(({ group, version }) => {
      const { path, hash } = this.#document(group, version)
      return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }] as const
    })
    return { paths: Object.fromEntries(paths) }
  }

  /** The document below /openapi/v3/; undefined when there is none. */
  openApi(path: string): OpenApiDocument | undefined {
    const found = this.#groupVersions().find(({ group, version }) => path === pathOf(group, version))
    return found && this.#document(found.group, found.version)
  }

  #groupVersions(): readonly { readonly group: string; readonly version: string }[] {
    return this.#registry.groups().flatMap(({ group, versions }) => versions.map((version) => ({ group, version })))
  }

  #document(group: string, version: string): OpenApiDocument {
    const path = pathOf(group, version)
    const known = this.#documents.get(path)
    if (known !== undefined) return known
    const info = { title: TITLE, version: VERSION.gitVersion }
    const document = openApiDocument(this.#registry, group, version, info)
    this.#documents.set(path, document)
    return document
  }
}

function pathOf(group: string, version: string): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`
}
