import { create, type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf'
import { type Any, anyPack, type Duration, DurationSchema } from '@bufbuild/protobuf/wkt'
import { type Address, AddressSchema } from '#xds/gen/envoy/config/core/v3/address_pb.js'
import { ApiVersion, type ConfigSource, ConfigSourceSchema } from '#xds/gen/envoy/config/core/v3/config_source_pb.js'

/** Wraps a message for a typed_config field. */
export function pack<Desc extends DescMessage>(schema: Desc, init: MessageInitShape<Desc>): Any {
  return anyPack(schema, create(schema, init) as MessageShape<Desc>)
}

export function typedConfig(value: Any) {
  return { case: 'typedConfig', value } as const
}

export function duration(ms: number): Duration {
  return create(DurationSchema, { seconds: BigInt(Math.trunc(ms / 1000)), nanos: (ms % 1000) * 1_000_000 })
}

/** An IP or domain name with a port; port 0 makes a Unix socket of a path. */
export function addressOf(address: string, port: number): Address {
  if (port === 0) return create(AddressSchema, { address: { case: 'pipe', value: { path: address } } })
  const portSpecifier = { case: 'portValue', value: port } as const
  return create(AddressSchema, { address: { case: 'socketAddress', value: { address, portSpecifier } } })
}

/** Resources that come over the same stream; a client waits for them without limit. */
export function overAds(): ConfigSource {
  return create(ConfigSourceSchema, {
    configSourceSpecifier: { case: 'ads', value: {} },
    initialFetchTimeout: duration(0),
    resourceApiVersion: ApiVersion.V3,
  })
}

/** "outbound|PORT|SUBSET|HOST" without a subset (spec 3.8). */
export function clusterName(host: string, port: number): string {
  return `outbound|${port}||${host}`
}
