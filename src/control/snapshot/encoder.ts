import { type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf'
import { Memo } from '#base/memo.ts'
import type { Piece, Recipe } from '#control/translate/recipe.ts'
import type { Translation } from '#control/translate/translation.ts'
import { resourceOf } from '#xds/encode-resource.ts'
import { ClusterSchema } from '#xds/gen/envoy/config/cluster/v3/cluster_pb.js'
import { ClusterLoadAssignmentSchema } from '#xds/gen/envoy/config/endpoint/v3/endpoint_pb.js'
import { ListenerSchema } from '#xds/gen/envoy/config/listener/v3/listener_pb.js'
import { RouteConfigurationSchema } from '#xds/gen/envoy/config/route/v3/route_pb.js'
import { NameTableSchema } from '#xds/gen/istio/networking/nds/v1/nds_pb.js'
import type { EncodedResource, ResourceSet } from '#xds/resource-set.ts'
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, NAME_TABLE_TYPE, ROUTE_TYPE, type TypeUrl } from '#xds/type-url.ts'
import { SetVersion } from './set-version.ts'

type Resources = ReadonlyMap<string, EncodedResource>

/**
 * Encodes translations: equal content makes equal bytes, and versions are hashes of them. A piece is encoded once for as long as what it is made of
 * stays the same, and a resource that did not change stays the same object for all who see it, across translations and views.
 */
export class Encoder {
  readonly #pieces = new Memo<Uint8Array>()
  readonly #resources = new Memo<EncodedResource>()
  readonly #lastingPieces = new WeakMap<object, Uint8Array>()
  readonly #lastingResources = new WeakMap<object, EncodedResource>()

  /** @param earlier what proxies have now: where the bytes are those of a resource in it, that one is taken */
  encode(translation: Translation, earlier: readonly ResourceSet[]): ResourceSet {
    const { clusters, endpoints, listeners, routes, names } = translation
    const version = new SetVersion()
    const encodeAll = <Desc extends DescMessage>(
      typeUrl: TypeUrl,
      schema: Desc,
      recipes: readonly Recipe<MessageShape<Desc>>[],
    ): readonly [TypeUrl, Resources] => {
      const resources = new Map<string, EncodedResource>()
      for (const recipe of recipes) {
        const resource = this.#resource(typeUrl, schema, recipe, earlier)
        version.add(typeUrl, resource)
        resources.set(recipe.name, resource)
      }
      return [typeUrl, resources]
    }
    const byType = new Map<TypeUrl, Resources>([
      encodeAll(CLUSTER_TYPE, ClusterSchema, clusters),
      encodeAll(ENDPOINT_TYPE, ClusterLoadAssignmentSchema, endpoints),
      encodeAll(LISTENER_TYPE, ListenerSchema, listeners),
      encodeAll(ROUTE_TYPE, RouteConfigurationSchema, routes),
      encodeAll(NAME_TABLE_TYPE, NameTableSchema, names),
    ])
    return { version: version.text(), byType }
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

/** Objects are read anew and say the same: then proxies have the resource already, and keep it. */
function asBefore(typeUrl: TypeUrl, resource: EncodedResource, earlier: readonly ResourceSet[]): EncodedResource {
  for (const { byType } of earlier) {
    const known = byType.get(typeUrl)?.get(resource.name)
    if (known?.version === resource.version) return known
  }
  return resource
}
