import { apiVersionOf, type JsonObject, type KindDefinition } from '#api/kind.ts'

/** The object as it is stored: in the preferred version, without a resourceVersion. All versions of a kind share one schema (spec 1.0). */
export function withApiVersion(object: JsonObject, definition: KindDefinition): JsonObject {
  const { metadata, apiVersion: _, kind: __, ...rest } = object
  const { resourceVersion: ___, ...kept } = metadata as JsonObject
  return {
    apiVersion: apiVersionOf(definition, definition.versions[0]),
    kind: definition.kind,
    metadata: kept,
    ...rest,
  }
}
