import { createHash } from 'node:crypto'
import { type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf'
import type { EncodedResource } from '#xds/resource-map.ts'

/** A resource of encoded bytes; its version is a hash of them. `name` is the one it is asked for by. */
export function resourceOf(name: string, value: Uint8Array): EncodedResource {
  return { name, version: createHash('sha256').update(value).digest('base64url').slice(0, 16), value }
}

/** Encodes a resource once for all clients. */
export function encodeResource<Desc extends DescMessage>(
  schema: Desc,
  name: string,
  message: MessageShape<Desc>,
): EncodedResource {
  return resourceOf(name, toBinary(schema, message))
}
