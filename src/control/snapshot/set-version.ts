import { createHash } from 'node:crypto'
import type { EncodedResource } from '#xds/resource-map.ts'
import type { TypeUrl } from '#xds/type-url.ts'

const HALF_BYTES = 6
const HALF = 2 ** (8 * HALF_BYTES)

/** A hash in two halves that add up without loss. The hash of a set of resources is the sum of theirs, in whatever order they are added. */
export type SetHash = readonly [number, number]

export const EMPTY_HASH: SetHash = [0, 0]

/** Kept beside the resources: each is hashed once. */
const hashes = new WeakMap<EncodedResource, SetHash>()

export function hashOf(typeUrl: TypeUrl, resource: EncodedResource): SetHash {
  const known = hashes.get(resource)
  if (known !== undefined) return known
  const hash = createHash('sha256').update(`${typeUrl} ${resource.name} ${resource.version}`).digest()
  const made = [hash.readUIntBE(0, HALF_BYTES), hash.readUIntBE(HALF_BYTES, HALF_BYTES)] as const
  hashes.set(resource, made)
  return made
}

export function sumOf(hashes: Iterable<SetHash>): SetHash {
  let [high, low] = EMPTY_HASH
  for (const [a, b] of hashes) {
    high = (high + a) % HALF
    low = (low + b) % HALF
  }
  return [high, low]
}

/** The version of a set, equal for equal sets: 16 characters. */
export function versionOf([high, low]: SetHash): string {
  const bytes = Buffer.alloc(2 * HALF_BYTES)
  bytes.writeUIntBE(high, 0, HALF_BYTES)
  bytes.writeUIntBE(low, HALF_BYTES, HALF_BYTES)
  return bytes.toString('base64url')
}
