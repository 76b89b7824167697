import type { NodeIdentity } from '#xds/resource-set.ts'

/** The xDS node that a workload's sidecar is (spec 7.1, 7.2): dual stack, since a capsule is. */
export function sidecarNode(
  workload: { readonly name: string; readonly namespace: string },
  labels: Readonly<Record<string, string>>,
): NodeIdentity {
  const { name, namespace } = workload
  return {
    id: `sidecar~127.0.0.1~${name}.${namespace}~${namespace}.svc.cluster.local`,
    cluster: `${name}.${namespace}`,
    metadata: {
      NAME: name,
      NAMESPACE: namespace,
      LABELS: labels,
      INSTANCE_IPS: '127.0.0.1,::1',
      DNS_CAPTURE: 'true',
      NAME_TABLE_SHARDS: 'true',
    },
  }
}
