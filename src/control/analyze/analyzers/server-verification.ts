import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { at, type Json, labelsAt, listAt, mapAt, numberAt, textAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import type { Subject } from '#control/analyze/subject.ts'
import type { FieldPath } from '#kube/field-path.ts'

/** TLS that a sidecar starts without looking at the server's certificate, or with a credential that it never gets. */
export const serverVerification: Analyzer = {
  name: 'destinationrule.CaCertificateAnalyzer',
  codes: ['IST0128', 'IST0129', 'EGR0009'],
  analyze(mesh: MeshObjects, tell: Tell) {
    for (const rule of mesh.ofKind('DestinationRule')) {
      const subsets = listAt(rule.spec, 'subsets')
      tellPolicy(rule, mapAt(rule.spec, 'trafficPolicy'), ['spec', 'trafficPolicy'], tell)
      for (const [index, subset] of subsets.entries()) {
        tellPolicy(rule, mapAt(subset, 'trafficPolicy'), ['spec', 'subsets', index, 'trafficPolicy'], tell)
      }
    }
  },
}

function tellPolicy(rule: Subject, policy: Json | undefined, path: FieldPath, tell: Tell): void {
  tellTls(rule, mapAt(policy, 'tls'), undefined, [...path, 'tls'], tell)
  for (const [index, setting] of listAt(policy, 'portLevelSettings').entries()) {
    const port = numberAt(setting, 'port', 'number')
    tellTls(rule, mapAt(setting, 'tls'), port, [...path, 'portLevelSettings', index, 'tls'], tell)
  }
}

function tellTls(rule: Subject, tls: Json | undefined, port: number | undefined, path: FieldPath, tell: Tell): void {
  const mode = textAt(tls, 'mode')
  if (mode !== 'SIMPLE' && mode !== 'MUTUAL') return
  const credential = textAt(tls, 'credentialName')
  if (at(tls, 'insecureSkipVerify') === true && textAt(tls, 'caCertificates') === '' && credential === '') {
    const text = `DestinationRule ${rule.name} in namespace ${rule.namespace} has TLS mode set to ${mode} but no caCertificates are set to validate server identity for host: ${textAt(rule.spec, 'host')}`
    if (port === undefined) tell(rule, 'IST0128', text, { path })
    else tell(rule, 'IST0129', `${text} at port ${port}`, { path })
  }
  if (credential === '' || Object.keys(labelsAt(rule.spec, 'workloadSelector', 'matchLabels')).length > 0) return
  const text = `The credentialName ${JSON.stringify(credential)} has an effect on sidecars only together with a workloadSelector: without one they ignore it.`
  tell(rule, 'EGR0009', text, { path: [...path, 'credentialName'] })
}
