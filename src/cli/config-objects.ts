import { checkManifestFile } from '#api/document.ts'
import type { Discovery } from '#kube/client/discovery.ts'
import type { ApiObject, DiscoveredResource } from '#kube/client/resource.ts'
import type { Manifest, ManifestFile } from '#kube/manifest.ts'
import { listManifestFiles, readManifestFile } from '#kube/manifest-files.ts'
import { formatMessage } from '#kube/message.ts'
import { VerbError } from './api-connection.ts'

/** An object of the input, ready to be sent. */
export interface ConfigObject {
  readonly resource: DiscoveredResource
  /** With its namespace, where its kind has one. */
  readonly object: ApiObject
  readonly manifest: Manifest
}

/** What was given to a verb, before the server was asked. */
export interface ConfigInput {
  readonly manifests: readonly Manifest[]
  /** Of kinds that are unknown here: the server may have them. */
  readonly unknownKinds: readonly string[]
  /** Everything else that is wrong with the objects by themselves. */
  readonly faults: readonly string[]
  /** What was overlooked. */
  readonly warnings: readonly string[]
}

/** How `apiVersion` is read: istioctl looked up an object by its kind alone, so words behind the version, which a tutorial has, did no harm. */
export type ApiVersionReading = 'as kubectl' | 'as istioctl'

/** Reads everything that `-f` names and checks each object by itself. */
export function readConfigInput(paths: readonly string[], reading: ApiVersionReading): ConfigInput {
  const read = listManifestFiles(paths).map(readManifestFile)
  const warnings: string[] = []
  const files = reading === 'as kubectl' ? read : read.map((file) => withBareVersions(file, warnings))
  const errors = files.flatMap((file) => checkManifestFile(file).messages).filter(({ level }) => level === 'error')
  const [unknown, faults] = [true, false].map((isUnknown) =>
    errors.filter(({ text }) => text.startsWith('no matches for kind') === isUnknown).map(formatMessage),
  ) as [string[], string[]]
  return { manifests: files.flatMap((file) => file.manifests), unknownKinds: unknown, faults, warnings }
}

function withBareVersions(file: ManifestFile, warnings: string[]): ManifestFile {
  const manifests = file.manifests.map((manifest) => {
    const [apiVersion = '', ...words] = manifest.apiVersion.split(/\s+/)
    if (words.length === 0) return manifest
    const text = `${JSON.stringify(words.join(' '))} after the apiVersion ${JSON.stringify(apiVersion)} is overlooked; kubectl would refuse it`
    warnings.push(`${placeOf(manifest, ['apiVersion'])} ${text}`)
    return { ...manifest, apiVersion, value: { ...manifest.value, apiVersion } }
  })
  return { ...file, manifests }
}

/** The same for verbs that write the objects. Throws a VerbError that names every fault, or that there is nothing to VERB. */
export function readValidInput(paths: readonly string[], verb: string, reading: ApiVersionReading): ConfigInput {
  const input = readConfigInput(paths, reading)
  if (input.faults.length > 0) throw new VerbError(input.faults)
  if (input.manifests.length === 0) throw new VerbError([`nothing to ${verb}`])
  return input
}

/**
 * The objects of an input with their resources and namespaces. Throws a VerbError that names every kind that the server does not have and every
 * namespace that does not fit; `namespace` is what `-n` says, `defaultNamespace` what counts for objects that say nothing.
 */
export function resolveObjects(
  input: ConfigInput,
  discovery: Discovery,
  namespace: string | undefined,
  defaultNamespace: string,
): readonly ConfigObject[] {
  const faults: string[] = []
  const objects: ConfigObject[] = []
  for (const manifest of input.manifests) {
    const resource = discovery.ofKind(manifest.apiVersion, manifest.kind)
    if (resource === undefined) {
      faults.push(unknownKind(input, manifest))
      continue
    }
    const written = namespaceOf(manifest)
    if (resource.namespaced && namespace !== undefined && written !== undefined && namespace !== written) {
      faults.push(mismatch(written, namespace))
      continue
    }
    const object = withNamespace(manifest, resource, namespace ?? written ?? defaultNamespace)
    objects.push({ resource, object, manifest })
  }
  if (faults.length > 0) throw new VerbError(faults)
  return objects
}

/** With the nearest kind that is known here, when one is near. */
function unknownKind({ unknownKinds }: ConfigInput, manifest: Manifest): string {
  const places = [placeOf(manifest, ['apiVersion']), placeOf(manifest, ['kind'])]
  const hint = unknownKinds.find((text) => places.some((place) => text.startsWith(place)))
  const { apiVersion, kind } = manifest
  return (
    hint ??
    `${places[1]} error: the API server has no kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`
  )
}

function placeOf(manifest: Manifest, path: readonly string[]): string {
  const { line, column } = manifest.locate(path)
  return `${manifest.file}:${line}:${column}:`
}

function mismatch(written: string, namespace: string): string {
  return `the namespace from the provided object "${written}" does not match the namespace "${namespace}". You must pass '--namespace=${written}' to perform this operation.`
}

function namespaceOf({ value }: Manifest): string | undefined {
  const { namespace } = metadataOf(value)
  return typeof namespace === 'string' && namespace !== '' ? namespace : undefined
}

function withNamespace({ value }: Manifest, resource: DiscoveredResource, namespace: string): ApiObject {
  const metadata = { ...metadataOf(value), ...(resource.namespaced && { namespace }) }
  return { ...value, metadata } as unknown as ApiObject
}

function metadataOf(value: Manifest['value']): Readonly<Record<string, unknown>> {
  const { metadata } = value
  return typeof metadata === 'object' && metadata !== null ? (metadata as Record<string, unknown>) : {}
}
