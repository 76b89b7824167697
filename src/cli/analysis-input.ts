import type { ApiObject } from '#kube/client/resource.ts'
import type { FieldPath } from '#kube/field-path.ts'
import type { Manifest } from '#kube/manifest.ts'
import { type ApiConnection, refusalText, VerbError } from './api-connection.ts'
import type { AnalysisFinding } from './render/analysis.ts'

/** One object to be analyzed, as `control/analyze` takes it. */
export interface ObjectInPlace {
  readonly object: Readonly<Record<string, unknown>>
  readonly file?: string
  readonly line?: number
  locate?(path: FieldPath): { readonly line: number }
}

export interface AnalysisSettings {
  /** Of objects that name none. */
  readonly namespace: string
  /** The text of a mesh configuration. */
  readonly meshConfig?: string
  /** Kinds that could not be listed: that one of them is not among the objects means nothing. */
  readonly unlisted?: readonly string[]
}

/** What analysis does: given by the composition. */
export interface Analysis {
  analyze(objects: readonly ObjectInPlace[], settings: AnalysisSettings): readonly AnalysisFinding[]
  /** Names of the analyzers with their codes. */
  readonly analyzers: readonly { readonly name: string; readonly codes: readonly string[] }[]
}

/** Kinds of Kubernetes that analysis looks at, besides all of Istio's. */
const CORE_KINDS: Readonly<Record<string, readonly string[]>> = {
  '': ['Service', 'Pod', 'Secret', 'Namespace', 'ConfigMap'],
  apps: ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet'],
}

/** What is live, as far as it may be listed. */
export interface LiveObjects {
  readonly objects: readonly ApiObject[]
  readonly unlisted: readonly string[]
}

/**
 * Everything live that analysis looks at. What the user may not list is left out, and `warn` is told of it.
 * Throws a VerbError when something cannot be listed for another reason.
 */
export async function readLiveObjects(
  { client, discover }: ApiConnection,
  warn: (text: string) => void,
): Promise<LiveObjects> {
  const unlisted: string[] = []
  const wanted = (await discover()).resources.filter(
    ({ group, kind, verbs }) =>
      verbs.includes('list') && (group.endsWith('istio.io') || CORE_KINDS[group]?.includes(kind)),
  )
  const lists = await Promise.all(
    wanted.map(async (resource) => {
      const listed = await client.list(resource)
      if (listed.kind === 'done') return listed.value.items
      const text = refusalText(listed.refusal)
      if (listed.refusal.code !== FORBIDDEN) throw new VerbError([`cannot list ${resource.plural}: ${text}`])
      unlisted.push(resource.kind)
      warn(`${resource.plural} are left out of the analysis: ${text}`)
      return []
    }),
  )
  return { objects: lists.flat(), unlisted }
}

const FORBIDDEN = 403

export function objectsOfManifests(manifests: readonly Manifest[]): readonly ObjectInPlace[] {
  return manifests.map(({ value, file, locate }) => ({ object: value, file, line: locate([]).line, locate }))
}

/** Live objects with those of files on top: an object of a file stands in for the live one of its kind and name. */
export function onTopOf(
  live: readonly ApiObject[],
  files: readonly ObjectInPlace[],
  namespace: string,
): readonly ObjectInPlace[] {
  const replaced = new Map(files.map((one) => [identityOf(one.object, namespace), one]))
  const kept = live.filter((object) => !replaced.has(identityOf(object, namespace)))
  const created = new Map(live.map((object) => [identityOf(object, namespace), object.metadata]))
  return [
    ...kept.map((object) => ({ object })),
    ...files.map((one) => asOldAs(one, created.get(identityOf(one.object, namespace)))),
  ]
}

/** What is live already keeps the time of its creation, and what the server has found out about it. */
function asOldAs(one: ObjectInPlace, live: ApiObject['metadata'] | undefined): ObjectInPlace {
  if (live === undefined) return one
  const metadata = { ...(one.object.metadata as object), creationTimestamp: live.creationTimestamp }
  return { ...one, object: { ...one.object, metadata } }
}

function identityOf(object: Readonly<Record<string, unknown>>, defaultNamespace: string): string {
  const { apiVersion, kind } = object
  const { name, namespace } = (object.metadata ?? {}) as { name?: unknown; namespace?: unknown }
  const group = String(apiVersion).includes('/') ? String(apiVersion).split('/')[0] : ''
  return `${group}/${kind} ${namespace ?? defaultNamespace}/${name}`
}
