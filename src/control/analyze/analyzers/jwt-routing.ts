import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { gatewaysOf, rulesOf } from '#control/analyze/destinations.ts'
import { labelsAt, listAt, mapAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import { labelsMatch } from '#control/analyze/names.ts'
import { fullNameOf, type Subject } from '#control/analyze/subject.ts'

/** Routing by claims of a token that nothing asks the gateway to check. */
export const jwtRouting: Analyzer = {
  name: 'virtualservice.JWTClaimRouteAnalyzer',
  codes: ['IST0149'],
  analyze(mesh: MeshObjects, tell: Tell) {
    for (const subject of mesh.ofKind('VirtualService')) {
      const key = claimOf(subject)
      if (key === undefined) continue
      for (const full of gatewaysOf(subject)) {
        const gateway = mesh.ofKind('Gateway').find((one) => fullNameOf(one) === full)
        if (gateway === undefined) continue
        const selector = labelsAt(gateway.spec, 'selector')
        for (const pod of mesh.workloads) {
          if (!pod.isPod || !labelsMatch(selector, pod.labels) || isChecked(mesh, pod)) continue
          const text = `The virtual service uses the JWT claim based routing (key: ${key}) but found no request authentication for the gateway (${full}) pod (${fullNameOf(pod)}). The request authentication must first be applied for the gateway pods to validate the JWT token and make the claims available for routing.`
          tell(subject, 'IST0149', text)
        }
      }
    }
  },
}

function claimOf({ spec }: Subject): string | undefined {
  const matches = rulesOf(spec, 'http').flatMap(([, rule]) => listAt(rule, 'match'))
  const keys = matches.flatMap((match) =>
    ['headers', 'withoutHeaders'].flatMap((field) => Object.keys(mapAt(match, field) ?? {})),
  )
  return keys.find((key) => key.startsWith('@request.auth.claims'))
}

function isChecked(
  mesh: MeshObjects,
  pod: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> },
): boolean {
  return mesh
    .ofKind('RequestAuthentication')
    .some(
      ({ namespace, spec }) =>
        (namespace === pod.namespace || namespace === mesh.rootNamespace) &&
        labelsMatch(labelsAt(spec, 'selector', 'matchLabels'), pod.labels),
    )
}
