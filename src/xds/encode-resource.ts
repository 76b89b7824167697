import { createHash } from 'node:crypto'
import { type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf'
import type { EncodedResource } from '#xds/resource-set.ts'

/** Encodes a resource once for all clients; its version is a hash of the bytes. `name` is the one it is asked for by. */
export function encodeResource<Desc extends DescMessage>(
  schema: Desc,
  name: string,
  message: MessageShape<Desc>,
): EncodedResource {
  const value = toBinary(schema, message)
  return { name, version: createHash('sha256').update(value).digest('base64url').slice(0, 16), value }
}
