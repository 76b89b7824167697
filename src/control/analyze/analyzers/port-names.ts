import { PROTOCOLS } from '#api/rules/port.ts'
import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { at, listAt, numberAt, textAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'

/** Protocols that the part of a port's name before the first dash may say (spec 3.3). */
const NAMED_PROTOCOLS: ReadonlySet<string> = new Set([...PROTOCOLS, 'hbone'])

/** Ports of Services whose name does not tell their protocol, so that it is detected; and those of ExternalName services that must. */
export const portNames: Analyzer = {
  name: 'service.PortNameAnalyzer',
  codes: ['IST0118', 'IST0150'],
  analyze(mesh: MeshObjects, tell: Tell) {
    for (const service of mesh.ofKind('Service')) {
      if (service.namespace === 'kube-system' || service.namespace === mesh.rootNamespace) continue
      const isExternal = textAt(service.spec, 'type') === 'ExternalName'
      for (const [index, port] of listAt(service.spec, 'ports').entries()) {
        const name = textAt(port, 'name')
        const path = ['spec', 'ports', index]
        if (isExternal && (name === '' || name === 'tcp' || name.startsWith('tcp-'))) {
          tell(service, 'IST0150', EXTERNAL_NAME, { path })
        } else if (
          !isExternal &&
          textAt(port, 'appProtocol') === '' &&
          !tellsProtocol(name) &&
          textAt(port, 'protocol') !== 'UDP'
        ) {
          const number = numberAt(port, 'port') ?? 0
          const target = at(port, 'targetPort') ?? number
          const text = `Port name ${name} (port: ${number}, targetPort: ${target}) doesn't follow the naming convention of Istio port.`
          tell(service, 'IST0118', text, { path })
        }
      }
    }
  },
}

const EXTERNAL_NAME =
  'Port name for ExternalName service is invalid. Proxy may prevent tcp named ports and unmatched traffic for ports serving TCP protocol from being forwarded correctly'

function tellsProtocol(name: string): boolean {
  const lower = name.toLowerCase()
  return lower.startsWith('grpc-web') || NAMED_PROTOCOLS.has(lower.split('-')[0] ?? '')
}
