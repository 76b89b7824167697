import { CORE_KINDS } from './core/core-kinds.ts'
import { apiVersionOf, type KindDefinition } from './kind.ts'
import { LEGACY_KINDS } from './legacy/legacy-kinds.ts'
import { DESTINATION_RULE } from './networking/destination-rule-kind.ts'
import { ENVOY_FILTER } from './networking/envoy-filter.ts'
import { GATEWAY } from './networking/gateway-kind.ts'
import { PROXY_CONFIG } from './networking/proxy-config.ts'
import { SIDECAR } from './networking/sidecar-kind.ts'
import { VIRTUAL_SERVICE } from './networking/virtual-service-kind.ts'
import { WORKLOAD_ENTRY, WORKLOAD_GROUP } from './networking/workload-kinds.ts'
import { didYouMean } from './schema/did-you-mean.ts'
import { SECURITY_KINDS } from './security/security-kinds.ts'
import { SERVICE_ENTRY } from './service-entry-kind.ts'
import { TELEMETRY_KINDS } from './telemetry/telemetry-kinds.ts'

/** Every kind that the API serves. */
export const KINDS: readonly KindDefinition[] = [
  SERVICE_ENTRY,
  VIRTUAL_SERVICE,
  DESTINATION_RULE,
  GATEWAY,
  SIDECAR,
  WORKLOAD_ENTRY,
  WORKLOAD_GROUP,
  PROXY_CONFIG,
  ENVOY_FILTER,
  ...SECURITY_KINDS,
  ...TELEMETRY_KINDS,
  ...LEGACY_KINDS,
  ...CORE_KINDS,
]

/** Kinds whose objects Postern reads. */
export type ReadKind = 'ServiceEntry' | 'Sidecar' | 'EgressRule' | 'MeshConfig' | 'ConfigMap'

/** What Postern makes of an apiVersion and kind. */
export type Recognition =
  | { readonly kind: 'read'; readonly as: ReadKind }
  /** A kind that is checked in full, and has no effect in a sealed run yet. */
  | { readonly kind: 'checked'; readonly definition: KindDefinition }
  /** A kind of Istio or Kubernetes that is known by its name only. */
  | { readonly kind: 'not applied' }
  | { readonly kind: 'unknown'; readonly field: 'apiVersion' | 'kind'; readonly text: string }

interface KindRow {
  readonly group: string
  readonly versions: readonly string[]
  readonly kinds: readonly string[]
}

const ISTIO_VERSIONS = ['v1', 'v1beta1', 'v1alpha3']

/** Kinds that are read, and the versions they are read in (spec 1.0, 2.1): all that have an effect. */
const READ: readonly (KindRow & { readonly kinds: readonly ReadKind[] })[] = [
  { group: 'networking.istio.io', versions: ISTIO_VERSIONS, kinds: ['ServiceEntry'] },
  { group: 'networking.istio.io', versions: ISTIO_VERSIONS, kinds: ['Sidecar'] },
  { group: 'config.istio.io', versions: ['v1alpha2'], kinds: ['EgressRule'] },
  { group: 'mesh.istio.io', versions: ['v1alpha1'], kinds: ['MeshConfig'] },
  { group: '', versions: ['v1'], kinds: ['ConfigMap'] },
]

/** Kinds of Istio that are stored and have no effect in the mesh yet. Those of Kubernetes are there to be referred to. */
export const UNAPPLIED_KINDS: readonly KindDefinition[] = KINDS.filter(
  ({ group, kind, isCore }) =>
    !isCore && !READ.some((row) => row.group === group && row.kinds.some((name) => name === kind)),
)

/** Kinds that are served, as rows. */
const SERVED: readonly KindRow[] = KINDS.map(({ group, versions, kind }) => ({ group, versions, kinds: [kind] }))

/** Kinds that are known by name only. */
const NOT_APPLIED: readonly KindRow[] = [
  { group: 'networking.istio.io', versions: ['v1alpha3'], kinds: ['ExternalService'] },
  { group: 'extensions.istio.io', versions: ['v1alpha1'], kinds: ['WasmPlugin', 'TrafficExtension'] },
  { group: 'install.istio.io', versions: ['v1alpha1'], kinds: ['IstioOperator'] },
  { group: 'config.istio.io', versions: ['v1alpha2'], kinds: ['IngressRule'] },
  { group: 'authentication.istio.io', versions: ['v1alpha1'], kinds: ['Policy', 'MeshPolicy'] },
  {
    group: '',
    versions: ['v1'],
    kinds: [
      'PersistentVolume',
      'PersistentVolumeClaim',
      'ReplicationController',
      'LimitRange',
      'ResourceQuota',
      'PodTemplate',
    ],
  },
  { group: 'apps', versions: ['v1', 'v1beta1', 'v1beta2'], kinds: ['StatefulSet', 'DaemonSet', 'ControllerRevision'] },
  { group: 'apps', versions: ['v1beta1', 'v1beta2'], kinds: ['Deployment', 'ReplicaSet'] },
  {
    group: 'extensions',
    versions: ['v1beta1'],
    kinds: ['Deployment', 'DaemonSet', 'ReplicaSet', 'Ingress', 'NetworkPolicy'],
  },
  { group: 'batch', versions: ['v1', 'v1beta1'], kinds: ['Job', 'CronJob'] },
  { group: 'networking.k8s.io', versions: ['v1', 'v1beta1'], kinds: ['Ingress', 'IngressClass', 'NetworkPolicy'] },
  { group: 'discovery.k8s.io', versions: ['v1beta1'], kinds: ['EndpointSlice'] },
  {
    group: 'rbac.authorization.k8s.io',
    versions: ['v1', 'v1beta1'],
    kinds: ['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'],
  },
  { group: 'policy', versions: ['v1', 'v1beta1'], kinds: ['PodDisruptionBudget', 'PodSecurityPolicy'] },
  { group: 'autoscaling', versions: ['v1', 'v2', 'v2beta1', 'v2beta2'], kinds: ['HorizontalPodAutoscaler'] },
  { group: 'storage.k8s.io', versions: ['v1'], kinds: ['StorageClass', 'VolumeAttachment', 'CSIDriver'] },
  { group: 'scheduling.k8s.io', versions: ['v1'], kinds: ['PriorityClass'] },
  { group: 'coordination.k8s.io', versions: ['v1'], kinds: ['Lease'] },
  { group: 'apiextensions.k8s.io', versions: ['v1', 'v1beta1'], kinds: ['CustomResourceDefinition'] },
  { group: 'apiregistration.k8s.io', versions: ['v1'], kinds: ['APIService'] },
  {
    group: 'admissionregistration.k8s.io',
    versions: ['v1', 'v1beta1'],
    kinds: ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration', 'ValidatingAdmissionPolicy'],
  },
  {
    group: 'gateway.networking.k8s.io',
    versions: ['v1', 'v1beta1', 'v1alpha2', 'v1alpha3'],
    kinds: [
      'Gateway',
      'GatewayClass',
      'HTTPRoute',
      'GRPCRoute',
      'TLSRoute',
      'TCPRoute',
      'UDPRoute',
      'ReferenceGrant',
      'BackendTLSPolicy',
    ],
  },
  { group: 'kustomize.config.k8s.io', versions: ['v1beta1', 'v1alpha1'], kinds: ['Kustomization', 'Component'] },
]

/** Looks a kind up; what is unknown gets the nearest thing that is known. */
export function recognise(apiVersion: string, kind: string): Recognition {
  const [version = '', ...words] = apiVersion.split(/\s+/)
  if (words.length > 0) {
    const text = `${JSON.stringify(apiVersion)} has ${JSON.stringify(words.join(' '))} after the version: write apiVersion: ${version}`
    return { kind: 'unknown', field: 'apiVersion', text }
  }
  const read = READ.find((row) => has(row, apiVersion) && row.kinds.some((name) => name === kind))
  if (read !== undefined) return { kind: 'read', as: read.kinds[0]! }
  const definition = KINDS.find((one) => one.kind === kind && isServed(one, apiVersion))
  if (definition !== undefined) return { kind: 'checked', definition }
  if (NOT_APPLIED.some((row) => has(row, apiVersion) && row.kinds.includes(kind))) return { kind: 'not applied' }
  const rows = [...READ, ...SERVED, ...NOT_APPLIED]
  const refusal = `no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`
  const versions = new Set(rows.filter((row) => row.kinds.includes(kind)).flatMap(apiVersionsOf))
  if (versions.size > 0) {
    const known = [...versions].map((version) => JSON.stringify(version)).join(', ')
    return { kind: 'unknown', field: 'apiVersion', text: `${refusal}: ${kind} is of ${known}` }
  }
  const kinds = rows.filter((row) => has(row, apiVersion)).flatMap((row) => row.kinds)
  const hint =
    didYouMean(kind, kinds) ||
    didYouMean(
      kind,
      rows.flatMap((row) => row.kinds),
    )
  return { kind: 'unknown', field: 'kind', text: refusal + hint }
}

function isServed(definition: KindDefinition, apiVersion: string): boolean {
  return definition.versions.some((version) => apiVersionOf(definition, version) === apiVersion)
}

function has(row: KindRow, apiVersion: string): boolean {
  return apiVersionsOf(row).includes(apiVersion)
}

function apiVersionsOf(row: KindRow): readonly string[] {
  return row.versions.map((version) => (row.group === '' ? version : `${row.group}/${version}`))
}
