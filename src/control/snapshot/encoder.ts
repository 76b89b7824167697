import { type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf'
import { Memo } from '#base/memo.ts'
import type { Piece, Recipe } from '#control/translate/recipe.ts'
import type { TranslatedPart } from '#control/translate/translated-part.ts'
import type { Translation } from '#control/translate/translation.ts'
import { resourceOf } from '#xds/encode-resource.ts'
import { ClusterSchema } from '#xds/gen/envoy/config/cluster/v3/cluster_pb.js'
import { ClusterLoadAssignmentSchema } from '#xds/gen/envoy/config/endpoint/v3/endpoint_pb.js'
import { ListenerSchema } from '#xds/gen/envoy/config/listener/v3/listener_pb.js'
import { RouteConfigurationSchema } from '#xds/gen/envoy/config/route/v3/route_pb.js'
import { NameTableSchema } from '#xds/gen/istio/networking/nds/v1/nds_pb.js'
import { type EncodedResource, ResourceMap } from '#xds/resource-map.ts'
import type { ResourceSet } from '#xds/resource-set.ts'
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  NAME_TABLE_TYPE,
  ROUTE_TYPE,
  TYPE_URLS,
  type TypeUrl,
} from '#xds/type-url.ts'
import { hashOf, type SetHash, sumOf, versionOf } from './set-version.ts'

/** A part of a translation in bytes. */
interface EncodedPart {
  readonly byType: ReadonlyMap<TypeUrl, readonly EncodedResource[]>
  readonly hash: SetHash
}

const NO_SET: ResourceSet = { version: '', byType: new Map() }

/**
 * Encodes translations: equal content makes equal bytes, and versions are hashes of them. A part is encoded once, and a piece once for as long as what it is
 * made of stays the same; a resource that did not change stays the same object for all who see it, across translations and views.
 */
export class Encoder {
  readonly #pieces = new Memo<Uint8Array>()
  readonly #resources = new Memo<EncodedResource>()
  readonly #lastingPieces = new WeakMap<object, Uint8Array>()
  readonly #lastingResources = new WeakMap<object, EncodedResource>()
  readonly #parts = new WeakMap<TranslatedPart, EncodedPart>()
  /** What sets were put together from. */
  readonly #partsOf = new WeakMap<ResourceSet, readonly EncodedPart[]>([[NO_SET, []]])

  /**
   * @param earlier what proxies have now, all of it from this encoder, first those that will get the new set: it shares with that one what did not change, and where the bytes are
   *   those of a resource in any of them, that one is taken
   */
  encode({ parts }: Translation, earlier: readonly ResourceSet[]): ResourceSet {
    const encoded = parts.map((part) => this.#part(part, earlier))
    const [before = NO_SET] = earlier
    const set = {
      version: versionOf(sumOf(encoded.map(({ hash }) => hash))),
      byType: resourcesOf(encoded, before, this.#partsOf.get(before) as readonly EncodedPart[]),
    }
    this.#partsOf.set(set, encoded)
    return set
  }

  #part(part: TranslatedPart, earlier: readonly ResourceSet[]): EncodedPart {
    const known = this.#parts.get(part)
    if (known !== undefined) return known
    const hashes: SetHash[] = []
    const encodeAll = <Desc extends DescMessage>(
      typeUrl: TypeUrl,
      schema: Desc,
      recipes: readonly Recipe<MessageShape<Desc>>[],
    ): readonly [TypeUrl, readonly EncodedResource[]] => {
      const resources = recipes.map((recipe) => this.#resource(typeUrl, schema, recipe, earlier))
      for (const resource of resources) hashes.push(hashOf(typeUrl, resource))
      return [typeUrl, resources]
    }
    const byType = new Map([
      encodeAll(CLUSTER_TYPE, ClusterSchema, part.clusters),
      encodeAll(ENDPOINT_TYPE, ClusterLoadAssignmentSchema, part.endpoints),
      encodeAll(LISTENER_TYPE, ListenerSchema, part.listeners),
      encodeAll(ROUTE_TYPE, RouteConfigurationSchema, part.routes),
      encodeAll(NAME_TABLE_TYPE, NameTableSchema, part.names),
    ])
    const encoded = { byType, hash: sumOf(hashes) }
    this.#parts.set(part, encoded)
    return encoded
  }

  #resource<Desc extends DescMessage>(
    typeUrl: TypeUrl,
    schema: Desc,
    recipe: Recipe<MessageShape<Desc>>,
    earlier: readonly ResourceSet[],
  ): EncodedResource {
    const { name, pieces, lasting } = recipe
    const known = lasting && this.#lastingResources.get(recipe)
    if (known !== undefined) return known
    const bytes = pieces.map((piece) => this.#piece(schema, piece))
    const make = () =>
      asBefore(typeUrl, resourceOf(name, bytes.length === 1 ? bytes[0]! : Buffer.concat(bytes)), earlier)
    // The first piece holds the name, and belongs to no other resource.
    const resource = this.#resources.recall(bytes[0]!, '', bytes, make)
    if (lasting) this.#lastingResources.set(recipe, resource)
    return resource
  }

  #piece<Desc extends DescMessage>(schema: Desc, piece: Piece<MessageShape<Desc>>): Uint8Array {
    const known = piece.lasting && this.#lastingPieces.get(piece)
    if (known !== undefined) return known
    const bytes = this.#pieces.recall(piece.of, piece.role, piece.inputs, () => toBinary(schema, piece.make()))
    if (piece.lasting) this.#lastingPieces.set(piece, bytes)
    return bytes
  }
}

/** The resources of parts: those of the set before, less the parts that are gone, and with those that are new. No two parts have a resource of one name. */
function resourcesOf(
  parts: readonly EncodedPart[],
  before: ResourceSet,
  partsBefore: readonly EncodedPart[],
): ResourceSet['byType'] {
  const [had, have] = [new Set(partsBefore), new Set(parts)]
  const gone = partsBefore.filter((part) => !have.has(part))
  const come = parts.filter((part) => !had.has(part))
  return new Map(
    TYPE_URLS.map((typeUrl) => {
      const changes = new Map<string, EncodedResource | undefined>()
      for (const { byType } of gone) for (const { name } of byType.get(typeUrl) ?? []) changes.set(name, undefined)
      for (const { byType } of come) for (const one of byType.get(typeUrl) ?? []) changes.set(one.name, one)
      return [typeUrl, (before.byType.get(typeUrl) ?? ResourceMap.EMPTY).with(changes)]
    }),
  )
}

/** Objects are read anew and say the same: then proxies have the resource already, and keep it. */
function asBefore(typeUrl: TypeUrl, resource: EncodedResource, earlier: readonly ResourceSet[]): EncodedResource {
  for (const { byType } of earlier) {
    const known = byType.get(typeUrl)?.get(resource.name)
    if (known?.version === resource.version) return known
  }
  return resource
}
