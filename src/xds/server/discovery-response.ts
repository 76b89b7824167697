import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { EncodedResource } from '#xds/resource-map.ts'
import type { TypeUrl } from '#xds/type-url.ts'
import { isWholeState } from './subscription.ts'
import type { Push } from './type-watch.ts'

/** What both kinds of response say beside their resources. */
export interface ResponseHead {
  readonly typeUrl: TypeUrl
  readonly version: string
  readonly nonce: string
}

// Responses are written by hand, field by field (discovery.proto), so that a resource's bytes are wrapped once for all clients.
const wrappedSotw = new WeakMap<EncodedResource, Uint8Array>()
const wrappedDelta = new WeakMap<EncodedResource, Uint8Array>()

/**
 * A DiscoveryResponse in parts to be sent one behind the other; undefined when state-of-the-world has no way to say it:
 * that an endpoint set or a route table does not exist.
 */
export function sotwResponse(head: ResponseHead, push: Push): Uint8Array[] | undefined {
  const whole = isWholeState(head.typeUrl)
  const resources = whole ? push.complete() : [...push.changes.values()].filter((resource) => resource !== undefined)
  const parts: Uint8Array[] = []
  for (const resource of resources) parts.push(wrap(wrappedSotw, resource, () => field(2, any(head.typeUrl, resource))))
  if (!whole && parts.length === 0) return undefined
  parts.push(new BinaryWriter().tag(1, WireType.LengthDelimited).string(head.version).finish())
  parts.push(tail(head).finish())
  return parts
}

/** A DeltaDiscoveryResponse in parts to be sent one behind the other. */
export function deltaResponse(head: ResponseHead, push: Push): Uint8Array[] {
  const parts: Uint8Array[] = []
  const writer = tail(head).tag(1, WireType.LengthDelimited).string(head.version)
  for (const [name, resource] of push.changes) {
    if (resource === undefined) writer.tag(6, WireType.LengthDelimited).string(name)
    else parts.push(wrap(wrappedDelta, resource, () => field(2, deltaResource(head.typeUrl, resource))))
  }
  parts.push(writer.finish())
  return parts
}

function tail(head: ResponseHead): BinaryWriter {
  const writer = new BinaryWriter().tag(4, WireType.LengthDelimited).string(head.typeUrl)
  return writer.tag(5, WireType.LengthDelimited).string(head.nonce)
}

function wrap(cache: WeakMap<EncodedResource, Uint8Array>, resource: EncodedResource, make: () => Uint8Array) {
  const bytes = cache.get(resource) ?? make()
  cache.set(resource, bytes)
  return bytes
}

function any(typeUrl: string, resource: EncodedResource): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).string(typeUrl)
  return writer.tag(2, WireType.LengthDelimited).bytes(resource.value).finish()
}

function deltaResource(typeUrl: string, resource: EncodedResource): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).string(resource.version)
  writer.tag(2, WireType.LengthDelimited).bytes(any(typeUrl, resource))
  return writer.tag(3, WireType.LengthDelimited).string(resource.name).finish()
}

function field(number: number, bytes: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(bytes).finish()
}
