import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { destinationsOf, gatewaysOf, isBoundToMesh } from '#control/analyze/destinations.ts'
import { stringsAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import { fullNameOf } from '#control/analyze/subject.ts'

/** Subsets that a virtual service for sidecars chooses, while a gateway routes to the same host without asking it. */
export const ingressSubsets: Analyzer = {
  name: 'virtualservice.IngressRouteAnalyzer',
  codes: ['IST0140'],
  analyze(mesh: MeshObjects, tell: Tell) {
    const services = mesh.ofKind('VirtualService')
    const choosing = services.filter(
      (one) => isBoundToMesh(one) && destinationsOf(one).some(({ subset }) => subset !== ''),
    )
    const fromGateways = services.filter((one) => gatewaysOf(one).some((gateway) => gateway !== 'mesh'))
    for (const subject of choosing) {
      const hosts = new Set(stringsAt(subject.spec, 'hosts').map((host) => mesh.hostOf(host, subject)))
      for (const ingress of fromGateways) {
        const passes = destinationsOf(ingress).some(
          ({ host, subset }) => subset === '' && hosts.has(mesh.hostOf(host, ingress)),
        )
        if (ingress === subject || !passes) continue
        const text = `Subset in virtual service ${fullNameOf(subject)} has no effect on ingress gateway ${fullNameOf(ingress)} requests`
        tell(ingress, 'IST0140', text)
      }
    }
  },
}
