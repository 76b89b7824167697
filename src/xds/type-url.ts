/** Type URLs of the resources that travel over ADS (xDS v3, and Istio's name table). */
export const CLUSTER_TYPE = 'type.googleapis.com/envoy.config.cluster.v3.Cluster'
export const ENDPOINT_TYPE = 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment'
export const LISTENER_TYPE = 'type.googleapis.com/envoy.config.listener.v3.Listener'
export const ROUTE_TYPE = 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration'
export const NAME_TABLE_TYPE = 'type.googleapis.com/istio.networking.nds.v1.NameTable'

/** In the order in which an update must be sent and applied: make before break. */
export const TYPE_URLS = [CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE, NAME_TABLE_TYPE] as const

export type TypeUrl = (typeof TYPE_URLS)[number]
