/** What Istio says of one of its annotations (istio.io/docs/reference/config/annotations). */
export interface AnnotationFacts {
  /** Kinds that it may stand on; "Any" for all. */
  readonly kinds: readonly string[]
  /** Present where it is deprecated: what Istio adds to saying so. */
  readonly deprecated?: string
}

const ON_POD: AnnotationFacts = { kinds: ['Pod'] }
const ON_SERVICE: AnnotationFacts = { kinds: ['Service'] }
const ON_GATEWAY: AnnotationFacts = { kinds: ['Gateway'] }
const ON_WORKLOAD_ENTRY: AnnotationFacts = { kinds: ['WorkloadEntry'] }
const ANYWHERE: AnnotationFacts = { kinds: ['Any'] }
const DEPRECATED_ON_POD: AnnotationFacts = { kinds: ['Pod'], deprecated: '' }
const DEPRECATED_ON_SERVICE: AnnotationFacts = { kinds: ['Service'], deprecated: '' }

/** The annotations of Istio 1.28, by name. Those of releases before that are gone from it are unknown to it, and so they are here. */
export const ANNOTATIONS: ReadonlyMap<string, AnnotationFacts> = new Map(
  Object.entries({
    'alpha.istio.io/canonical-serviceaccounts': DEPRECATED_ON_SERVICE,
    'alpha.istio.io/kubernetes-serviceaccounts': DEPRECATED_ON_SERVICE,
    'ambient.istio.io/bypass-inbound-capture': ON_POD,
    'ambient.istio.io/dns-capture': ON_POD,
    'ambient.istio.io/redirection': ON_POD,
    'ambient.istio.io/waypoint-inbound-binding': { kinds: ['GatewayClass', 'Gateway'] },
    'galley.istio.io/analyze-suppress': ANYWHERE,
    'gateway.istio.io/controller-version': ANYWHERE,
    'gateway.istio.io/name-override': ON_GATEWAY,
    'gateway.istio.io/service-account': ON_GATEWAY,
    'inject.istio.io/templates': ON_POD,
    'istio.io/autoRegistrationGroup': ON_WORKLOAD_ENTRY,
    'istio.io/connectedAt': ON_WORKLOAD_ENTRY,
    'istio.io/disconnectedAt': ON_WORKLOAD_ENTRY,
    'istio.io/dry-run': { kinds: ['AuthorizationPolicy'] },
    'istio.io/reroute-virtual-interfaces': ON_POD,
    'istio.io/rev': ON_POD,
    'istio.io/workloadController': ON_WORKLOAD_ENTRY,
    'kubernetes.io/ingress.class': { kinds: ['Ingress'] },
    'networking.istio.io/exportTo': ON_SERVICE,
    'networking.istio.io/service-type': ON_GATEWAY,
    'networking.istio.io/traffic-distribution': { kinds: ['Service', 'ServiceEntry', 'Namespace'] },
    'prometheus.istio.io/merge-metrics': ON_POD,
    'proxy.istio.io/config': ON_POD,
    'proxy.istio.io/overrides': ON_POD,
    'readiness.status.sidecar.istio.io/applicationPorts': ON_POD,
    'readiness.status.sidecar.istio.io/failureThreshold': ON_POD,
    'readiness.status.sidecar.istio.io/initialDelaySeconds': ON_POD,
    'readiness.status.sidecar.istio.io/periodSeconds': ON_POD,
    'sidecar.istio.io/agentLogLevel': ON_POD,
    'sidecar.istio.io/bootstrapOverride': ON_POD,
    'sidecar.istio.io/componentLogLevel': ON_POD,
    'sidecar.istio.io/discoveryAddress': DEPRECATED_ON_POD,
    'sidecar.istio.io/enableCoreDump': ON_POD,
    'sidecar.istio.io/extraStatTags': DEPRECATED_ON_POD,
    'sidecar.istio.io/inject': { kinds: ['Pod'], deprecated: ' in favor of the "sidecar.istio.io/inject" label' },
    'sidecar.istio.io/interceptionMode': ON_POD,
    'sidecar.istio.io/logLevel': ON_POD,
    'sidecar.istio.io/nativeSidecar': ON_POD,
    'sidecar.istio.io/proxyCPU': ON_POD,
    'sidecar.istio.io/proxyCPULimit': ON_POD,
    'sidecar.istio.io/proxyImage': ON_POD,
    'sidecar.istio.io/proxyImageType': ON_POD,
    'sidecar.istio.io/proxyMemory': ON_POD,
    'sidecar.istio.io/proxyMemoryLimit': ON_POD,
    'sidecar.istio.io/rewriteAppHTTPProbers': ON_POD,
    'sidecar.istio.io/statsCompression': ON_POD,
    'sidecar.istio.io/statsEvictionInterval': ON_POD,
    'sidecar.istio.io/statsFlushInterval': ON_POD,
    'sidecar.istio.io/statsHistogramBuckets': ON_POD,
    'sidecar.istio.io/statsInclusionPrefixes': DEPRECATED_ON_POD,
    'sidecar.istio.io/statsInclusionRegexps': DEPRECATED_ON_POD,
    'sidecar.istio.io/statsInclusionSuffixes': DEPRECATED_ON_POD,
    'sidecar.istio.io/status': ON_POD,
    'sidecar.istio.io/userVolume': ON_POD,
    'sidecar.istio.io/userVolumeMount': ON_POD,
    'status.sidecar.istio.io/port': ON_POD,
    'topology.istio.io/controlPlaneClusters': { kinds: ['Namespace'] },
    'traffic.istio.io/nodeSelector': ON_SERVICE,
    'traffic.sidecar.istio.io/excludeInboundPorts': ON_POD,
    'traffic.sidecar.istio.io/excludeInterfaces': ON_POD,
    'traffic.sidecar.istio.io/excludeOutboundIPRanges': ON_POD,
    'traffic.sidecar.istio.io/excludeOutboundPorts': ON_POD,
    'traffic.sidecar.istio.io/includeInboundPorts': ON_POD,
    'traffic.sidecar.istio.io/includeOutboundIPRanges': ON_POD,
    'traffic.sidecar.istio.io/includeOutboundPorts': ON_POD,
    'traffic.sidecar.istio.io/kubevirtInterfaces': DEPRECATED_ON_POD,
  } satisfies Record<string, AnnotationFacts>),
)

/** Whether an annotation is Istio's to know: of its domain, or the one of Kubernetes' that Istio documents. */
export function isIstioAnnotation(name: string): boolean {
  return name === 'kubernetes.io/ingress.class' || (name.split('/')[0] ?? '').endsWith('istio.io')
}
