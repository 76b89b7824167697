/** Delta or state of the world, as Envoy's bootstrap names them. */
export type AdsProtocol = 'DELTA_GRPC' | 'GRPC'

export interface BootstrapOptions {
  readonly nodeId: string
  readonly protocol: AdsProtocol
  /** Our server's socket. */
  readonly xdsPath: string
  /** Where Envoy's admin interface listens; undefined: nowhere. */
  readonly adminPath?: string
}

/** The bootstrap of an Envoy that has everything from our server, in protobuf JSON. */
export function envoyBootstrap({ nodeId, protocol, xdsPath, adminPath }: BootstrapOptions): object {
  const ads = { ads: {}, resource_api_version: 'V3' }
  return {
    node: { id: nodeId, cluster: 'app.default' },
    ...(adminPath === undefined ? {} : { admin: { address: { pipe: { path: adminPath } } } }),
    dynamic_resources: {
      ads_config: {
        api_type: protocol,
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [{ envoy_grpc: { cluster_name: 'xds-grpc' } }],
      },
      cds_config: ads,
      lds_config: ads,
    },
    static_resources: { clusters: [xdsCluster(xdsPath)] },
  }
}

/** The same without asking for anything: for resources that are given along with it. */
export function staticEnvoyBootstrap(options: BootstrapOptions): object {
  const { dynamic_resources, ...rest } = envoyBootstrap(options) as { dynamic_resources: { ads_config: object } }
  return { ...rest, dynamic_resources: { ads_config: dynamic_resources.ads_config } }
}

function xdsCluster(path: string): object {
  const type = 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions'
  return {
    name: 'xds-grpc',
    type: 'STATIC',
    connect_timeout: '1s',
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': type,
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
    load_assignment: {
      cluster_name: 'xds-grpc',
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path } } } }] }],
    },
  }
}
