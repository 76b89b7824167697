import { X509Certificate } from 'node:crypto'
import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { type Json, labelsAt, listAt, mapAt, textAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import { labelsMatch, selectorText } from '#control/analyze/names.ts'
import type { Subject } from '#control/analyze/subject.ts'

/** Gateways that select no workload, and the secrets that their servers name. */
export const gatewaySelector: Analyzer = {
  name: 'gateway.SecretAnalyzer',
  codes: ['IST0101', 'IST0161'],
  analyze(mesh: MeshObjects, tell: Tell) {
    for (const gateway of mesh.ofKind('Gateway')) {
      const selector = labelsAt(gateway.spec, 'selector')
      const workload = mesh.workloads.find((one) => one.isPod && labelsMatch(selector, one.labels))
      if (workload === undefined && Object.keys(selector).length > 0) {
        const path = ['spec', 'selector']
        tell(gateway, 'IST0101', `Referenced selector not found: "${selectorText(selector)}"`, { path })
      }
      if (!mesh.unlisted.includes('Secret'))
        tellCredentials(mesh, gateway, workload?.namespace ?? gateway.namespace, tell)
    }
  },
}

/** A credential is a secret in the namespace where the gateway runs. */
function tellCredentials(mesh: MeshObjects, gateway: Subject, namespace: string, tell: Tell): void {
  for (const [index, server] of listAt(gateway.spec, 'servers').entries()) {
    const name = textAt(server, 'tls', 'credentialName')
    if (name === '' || name.includes('://')) continue
    const path = ['spec', 'servers', index, 'tls', 'credentialName']
    const secret = mesh.named('Secret', namespace, name)
    if (secret === undefined)
      tell(gateway, 'IST0101', `Referenced credentialName not found: ${JSON.stringify(name)}`, { path })
    else if (!holdsCertificate(secret)) {
      const text = `The credential referenced by the Gateway ${gateway.name} in namespace ${gateway.namespace} is invalid, which can cause the traffic not to work as expected.`
      tell(gateway, 'IST0161', text, { path })
    }
  }
}

/** A certificate that is good now, with its key, under either pair of names. */
function holdsCertificate({ object }: Subject): boolean {
  return (
    isGoodPair(textOfKey(object, 'tls.crt'), textOfKey(object, 'tls.key')) ||
    isGoodPair(textOfKey(object, 'cert'), textOfKey(object, 'key'))
  )
}

function textOfKey(secret: Json, name: string): string {
  const plain = mapAt(secret, 'stringData')?.[name]
  if (typeof plain === 'string') return plain
  const encoded = mapAt(secret, 'data')?.[name]
  return typeof encoded === 'string' ? Buffer.from(encoded, 'base64').toString() : ''
}

function isGoodPair(certificate: string, key: string): boolean {
  if (certificate === '' || key === '') return false
  try {
    const { validFromDate, validToDate } = new X509Certificate(certificate)
    return validFromDate.getTime() <= Date.now() && Date.now() <= validToDate.getTime()
  } catch {
    return false
  }
}
