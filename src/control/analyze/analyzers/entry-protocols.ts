import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import { type AnalysisService, scopesOverlap } from '#control/analyze/services.ts'
import { fullNameOf } from '#control/analyze/subject.ts'

/** One host and port that several service entries give different protocols: the oldest decides, whatever the others say (spec 3.2). */
export const entryProtocols: Analyzer = {
  name: 'serviceentry.ConflictingProtocolsAnalyzer',
  codes: ['IST0177'],
  analyze(mesh: MeshObjects, tell: Tell) {
    const entries = mesh.services.filter(({ subject }) => subject.kind === 'ServiceEntry')
    for (const [host, services] of Map.groupBy(entries, (one) => one.host)) {
      for (const service of services) {
        for (const port of service.ports) {
          const rivals = services.filter((one) => differs(one, service, port.number, port.protocol))
          if (rivals.length === 0) continue
          const all = [service, ...rivals].map((one) => `${fullNameOf(one.subject)} ${protocolOf(one, port.number)}`)
          const text = `ServiceEntries define different protocols for host ${host} port ${port.number}: ${[...new Set(all)].sort().join(', ')}. Only one of them can have an effect.`
          tell(service.subject, 'IST0177', text, { path: ['spec', 'ports'], others: rivals.map((one) => one.subject) })
        }
      }
    }
  },
}

function differs(other: AnalysisService, service: AnalysisService, port: number, protocol: string): boolean {
  const theirs = other.ports.find((one) => one.number === port)
  return (
    other.subject !== service.subject &&
    theirs !== undefined &&
    theirs.protocol.toLowerCase() !== protocol.toLowerCase() &&
    scopesOverlap(other.exportTo, service.exportTo)
  )
}

function protocolOf(service: AnalysisService, port: number): string {
  return service.ports.find((one) => one.number === port)?.protocol.toUpperCase() || 'detected'
}
