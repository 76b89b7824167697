import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { labelsAt, listAt, textAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import { listText, selectorText } from '#control/analyze/names.ts'
import { fullNameOf, type Subject } from '#control/analyze/subject.ts'

/** One certificate on several gateways of the same workloads: a browser may ask over a connection whose gateway does not have the host. */
export const gatewayCertificates: Analyzer = {
  name: 'gateway.CertificateAnalyzer',
  codes: ['IST0138'],
  analyze(mesh: MeshObjects, tell: Tell) {
    const held = mesh
      .ofKind('Gateway')
      .flatMap((gateway) => certificatesOf(gateway).map((certificate) => ({ gateway, certificate })))
    for (const [, same] of Map.groupBy(held, ({ certificate }) => certificate)) {
      const gateways = [...new Set(same.map(({ gateway }) => gateway))]
      if (gateways.length < 2) continue
      const names = gateways.map(fullNameOf).sort()
      const text = `Duplicate certificate in multiple gateways ${listText(names)} may cause 404s if clients re-use HTTP2 connections.`
      for (const gateway of gateways) tell(gateway, 'IST0138', text)
    }
  },
}

/** What tells the certificates of a gateway apart: the workloads that hold them, and their secret or file. */
function certificatesOf({ spec }: Subject): readonly string[] {
  const workloads = selectorText(labelsAt(spec, 'selector'))
  return listAt(spec, 'servers').flatMap((server) => {
    const certificate = textAt(server, 'tls', 'credentialName') || textAt(server, 'tls', 'serverCertificate')
    return certificate === '' ? [] : [`${workloads} ${certificate}`]
  })
}
