import type { JsonObject } from '#api/kind.ts'
import type { ServedKind } from '#apiserver/objects/kind-registry.ts'
import { metadataOf } from '#apiserver/objects/prepare-metadata.ts'
import { present, presentText } from '#apiserver/objects/presented.ts'
import type { Listing } from '#apiserver/objects/read.ts'
import type { StoredObject } from '#apiserver/store/store.ts'
import { renderTable, type TableInput } from '#kube/table.ts'
import type { Representation } from './negotiate.ts'

/** In which shape objects are answered. */
export interface View {
  readonly representation: Representation
  /** Of tables: what of each object stands beside its row. */
  readonly includeObject: TableInput['includeObject']
  /** Of tables: whether columns are described; a watch does so once. Default true. */
  readonly hasColumns?: boolean
  /** The time that ages are counted to. */
  readonly now: Date
}

/** One object as JSON text. */
export function renderObject(stored: StoredObject, served: ServedKind, view: View): string {
  const { representation } = view
  if (representation.kind === 'object') return presentText(stored, served)
  const object = present(stored, served)
  if (representation.kind === 'metadata') return JSON.stringify(partialMetadata(object, representation.apiVersion))
  const { resourceVersion } = metadataOf(object) as { readonly resourceVersion?: string }
  return JSON.stringify(tableOf([object], served, view, resourceVersion === undefined ? {} : { resourceVersion }))
}

/** A page of a listing as JSON text. */
export function renderListing(listing: Listing, served: ServedKind, view: View): string {
  const { representation } = view
  const metadata = {
    resourceVersion: String(listing.revision),
    ...(listing.continue === undefined ? {} : { continue: listing.continue }),
    ...(listing.remaining === undefined ? {} : { remainingItemCount: listing.remaining }),
  }
  if (representation.kind === 'object') {
    const head = JSON.stringify({ kind: `${served.definition.kind}List`, apiVersion: served.apiVersion, metadata })
    const items = listing.objects.map((stored) => presentText(stored, served)).join(',')
    return `${head.slice(0, -1)},"items":[${items}]}`
  }
  const objects = listing.objects.map((stored) => present(stored, served))
  if (representation.kind === 'table') return JSON.stringify(tableOf(objects, served, view, metadata))
  const { apiVersion } = representation
  const items = objects.map((object) => partialMetadata(object, apiVersion))
  return JSON.stringify({ kind: 'PartialObjectMetadataList', apiVersion, metadata, items })
}

function tableOf(
  objects: readonly JsonObject[],
  served: ServedKind,
  view: View,
  page: Pick<TableInput, 'resourceVersion' | 'continue' | 'remainingItemCount'>,
): object {
  const { includeObject, now, representation, hasColumns = true } = view
  const { columns } = served.definition
  const table = renderTable({ columns, objects, includeObject, now, hasColumns, ...page })
  return representation.kind === 'table' ? { ...table, apiVersion: representation.apiVersion } : table
}

function partialMetadata(object: JsonObject, apiVersion: string): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion, metadata: metadataOf(object) }
}
