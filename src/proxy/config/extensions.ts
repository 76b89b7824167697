import type { Any } from '@bufbuild/protobuf/wkt'

/** The type name inside a typed_config, "" when there is none. */
export function typeNameOf(config: { readonly typedConfig: Any | undefined }): string {
  const url = config.typedConfig?.typeUrl ?? ''
  return url.slice(url.lastIndexOf('/') + 1)
}

/**
 * Extensions that neither admit nor refuse nor change what passes: to do without them is safe. Istio's come as TypedStruct,
 * so they are known by name. Everything else that we do not build is refused: an RBAC filter left out would let all pass.
 */
const WITHOUT_EFFECT_ON_TRAFFIC: ReadonlySet<string> = new Set([
  'istio.metadata_exchange',
  'istio.stats',
  'istio.alpn',
  'envoy.filters.http.grpc_stats',
  'envoy.filters.http.cors',
  'envoy.filters.network.mysql_proxy',
])

export function isWithoutEffectOnTraffic(name: string): boolean {
  return WITHOUT_EFFECT_ON_TRAFFIC.has(name)
}
