import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { isBoundToMesh } from '#control/analyze/destinations.ts'
import { stringsAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import { scopesOverlap, visibility } from '#control/analyze/services.ts'
import { fullNameOf, type Subject } from '#control/analyze/subject.ts'

interface Claim {
  readonly subject: Subject
  readonly exportTo: readonly string[]
}

/** The same host in several virtual services for sidecars: one of them wins, and the others have no effect (spec 4.2). */
export const meshHosts: Analyzer = {
  name: 'virtualservice.ConflictingMeshGatewayHostsAnalyzer',
  codes: ['IST0109'],
  analyze(mesh: MeshObjects, tell: Tell) {
    for (const [host, claims] of claimsByHost(mesh)) {
      for (const { subject, exportTo } of claims) {
        const others = claims.filter((one) => one.subject !== subject && scopesOverlap(one.exportTo, exportTo))
        if (others.length === 0) continue
        const names = claims
          .filter((one) => one.subject === subject || others.includes(one))
          .map((one) => fullNameOf(one.subject))
        const text = `The VirtualServices ${names.sort().join(',')} associated with mesh gateway define the same host ${host} which can lead to undefined behavior. This can be fixed by merging the conflicting VirtualServices into a single resource.`
        tell(subject, 'IST0109', text, { path: ['spec', 'hosts'], others: others.map((one) => one.subject) })
      }
    }
  },
}

function claimsByHost(mesh: MeshObjects): ReadonlyMap<string, readonly Claim[]> {
  const claims = new Map<string, Claim[]>()
  for (const subject of mesh.ofKind('VirtualService')) {
    if (!isBoundToMesh(subject)) continue
    const exportTo = visibility(stringsAt(subject.spec, 'exportTo'), subject.namespace)
    for (const host of new Set(stringsAt(subject.spec, 'hosts').map((one) => mesh.hostOf(one, subject)))) {
      const held = claims.get(host)
      if (held === undefined) claims.set(host, [{ subject, exportTo }])
      else held.push({ subject, exportTo })
    }
  }
  return claims
}
