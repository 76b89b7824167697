import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { stringsAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import { type AnalysisPort, type AnalysisService, scopesOverlap } from '#control/analyze/services.ts'
import { originOf } from '#control/analyze/subject.ts'
import { listenerClass, parseProtocol } from '#control/mesh/protocol.ts'
import { parseServiceAddress } from '#control/mesh/service-address.ts'

/**
 * One host in several entries. Of several namespaces, whoever sees both uses one of them, and the other has no effect there (spec 3.2). Of one
 * namespace, both are used, each at its own addresses.
 */
export const entryHosts: Analyzer = {
  name: 'serviceentry.HostAnalyzer',
  codes: ['EGR0012', 'EGR0014'],
  analyze(mesh: MeshObjects, tell: Tell) {
    for (const [host, services] of Map.groupBy(mesh.services, (one) => one.host)) {
      for (const service of services) {
        if (service.subject.kind !== 'ServiceEntry') continue
        tellSplit(service, services, tell)
        const rival = services.find((one) => isElsewhere(one, service))
        if (rival === undefined) continue
        const text = `${originOf(rival.subject)} defines the host ${host} too: a namespace that sees both uses its own, else the Service, else the older one.`
        tell(service.subject, 'EGR0012', text, { path: ['spec', 'hosts'] })
      }
    }
  },
}

function tellSplit(service: AnalysisService, services: readonly AnalysisService[], tell: Tell): void {
  for (const other of services) {
    const isBeside = other.subject.kind === 'ServiceEntry' && other.namespace === service.namespace
    if (!isBeside || !scopesOverlap(other.exportTo, service.exportTo) || addresses(other) === addresses(service))
      continue
    const own = service.ports.findIndex(
      (port) => isOwnAddressed(port) && !other.ports.some(({ number }) => number === port.number),
    )
    if (own < 0) continue
    const text = `${originOf(other.subject)} defines the host ${service.host} too, at other addresses: DNS answers those of both in turn, and port ${service.ports[own]?.number} is open at those of this entry only. Give both the same addresses.`
    tell(service.subject, 'EGR0014', text, { path: ['spec', 'ports', own], others: [other.subject] })
  }
}

/** HTTP of every entry shares every address. */
function isOwnAddressed({ protocol }: AnalysisPort): boolean {
  return listenerClass(parseProtocol(protocol)) !== 'http'
}

/** Each address once, however it is written. */
function addresses({ subject }: AnalysisService): string {
  const written = stringsAt(subject.spec, 'addresses').flatMap((text) => parseServiceAddress(text) ?? [])
  return [...new Set(written.map((address) => JSON.stringify(address)))].sort().join()
}

function isElsewhere(other: AnalysisService, service: AnalysisService): boolean {
  return other.namespace !== service.namespace && scopesOverlap(other.exportTo, service.exportTo)
}
