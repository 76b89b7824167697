import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { at, labelsAt, listAt, textAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import { listText } from '#control/analyze/names.ts'
import { fullNameOf, type Subject } from '#control/analyze/subject.ts'

const INJECTION = 'istio-injection'
const REVISION = 'istio.io/rev'
const DATAPLANE_MODE = 'istio.io/dataplane-mode'
const INJECT = 'sidecar.istio.io/inject'

/** Namespaces of Kubernetes' own, which Istio never injects into. */
const SYSTEM_NAMESPACES = new Set(['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage'])

/** Namespaces that do not say whether their pods get a proxy, or say it in several ways; and pods without one where they should have it. */
export const injection: Analyzer = {
  name: 'injection.Analyzer',
  codes: ['IST0102', 'IST0103', 'IST0123'],
  analyze(mesh: MeshObjects, tell: Tell) {
    const injected = new Set<string>()
    for (const namespace of mesh.ofKind('Namespace')) {
      if (namespace.name === mesh.rootNamespace || SYSTEM_NAMESPACES.has(namespace.name)) continue
      if (judgeNamespace(namespace, tell)) injected.add(namespace.name)
    }
    for (const pod of mesh.ofKind('Pod')) {
      if (!injected.has(pod.namespace) || isExempt(pod) || hasProxy(pod)) continue
      const text = `The pod ${fullNameOf(pod)} is missing the Istio proxy. This can often be resolved by restarting or redeploying the workload.`
      tell(pod, 'IST0103', text)
    }
  },
}

/** Tells what is wrong with the labels of a namespace; answers whether its pods are to have a proxy. */
function judgeNamespace(namespace: Subject, tell: Tell): boolean {
  const labels = labelsAt(namespace.object, 'metadata', 'labels')
  const says = labels[INJECTION]
  const others = [REVISION, DATAPLANE_MODE].filter((name) => labels[name] !== undefined)
  const counted = says === undefined || says === 'enabled' ? others : []
  const ways = [...(says === undefined ? [] : [INJECTION]), ...counted].map((name) => `${name}=${labels[name]}`)
  if (ways.length > 1) {
    const text = `The namespace has more than one type of injection labels ${listText(ways)}, which may lead to undefined behavior. Make sure only one injection label exists.`
    tell(namespace, 'IST0123', text)
  }
  if (labels[DATAPLANE_MODE] === 'ambient') return false
  if ((says ?? '') === '' && labels[REVISION] === undefined) {
    if (isUnwritten(namespace)) return false
    const label = `kubectl label namespace ${namespace.name} ${INJECTION}`
    const text = `The namespace is not enabled for Istio injection. Run '${label}=enabled' to enable it, or '${label}=disabled' to explicitly mark it as not needing injection.`
    tell(namespace, 'IST0102', text, { path: ['metadata', 'name'] })
    return false
  }
  return says === 'enabled'
}

/** A namespace that Postern's API server made by itself and nobody has written since: there is nobody to tell. */
function isUnwritten({ object }: Subject): boolean {
  const fields = listAt(object, 'metadata', 'managedFields')
  return fields.length > 0 && fields.every((one) => textAt(one, 'manager') === 'postern')
}

/** Pods that say they want no proxy, by label before annotation, and those that have the network of their node. */
function isExempt({ object, spec }: Subject): boolean {
  const said =
    labelsAt(object, 'metadata', 'labels')[INJECT] ?? labelsAt(object, 'metadata', 'annotations')[INJECT] ?? ''
  return said.toLowerCase() === 'false' || at(spec, 'hostNetwork') === true
}

function hasProxy({ spec }: Subject): boolean {
  return [...listAt(spec, 'containers'), ...listAt(spec, 'initContainers')].some(
    (container) => textAt(container, 'name') === 'istio-proxy' && textAt(container, 'image') !== '',
  )
}
