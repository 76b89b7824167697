import { createHash } from 'node:crypto'
import type { EncodedResource } from '#xds/resource-set.ts'
import type { TypeUrl } from '#xds/type-url.ts'

const HALF_BYTES = 6
const HALF = 2 ** (8 * HALF_BYTES)

/** A resource's hash in two halves that add up without loss. */
type Halves = readonly [number, number]

/** Kept beside the resources: each is hashed once, and a set of twenty thousand of which one changed costs an addition for each. */
const hashes = new WeakMap<EncodedResource, Halves>()

/** The version of a set of resources: equal for equal sets, in whatever order they are added: the sum of its members' hashes. */
export class SetVersion {
  #high = 0
  #low = 0

  add(typeUrl: TypeUrl, resource: EncodedResource): void {
    let halves = hashes.get(resource)
    if (halves === undefined) {
      halves = halvesOf(`${typeUrl} ${resource.name} ${resource.version}`)
      hashes.set(resource, halves)
    }
    this.#high = (this.#high + halves[0]) % HALF
    this.#low = (this.#low + halves[1]) % HALF
  }

  /** 16 characters. */
  text(): string {
    const bytes = Buffer.alloc(2 * HALF_BYTES)
    bytes.writeUIntBE(this.#high, 0, HALF_BYTES)
    bytes.writeUIntBE(this.#low, HALF_BYTES, HALF_BYTES)
    return bytes.toString('base64url')
  }
}

function halvesOf(text: string): Halves {
  const hash = createHash('sha256').update(text).digest()
  return [hash.readUIntBE(0, HALF_BYTES), hash.readUIntBE(HALF_BYTES, HALF_BYTES)]
}
