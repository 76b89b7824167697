import { compareText } from '#base/compare-text.ts'
import type { AnalysisMessage, Analyzer, Tell } from './analysis.ts'
import { annotations } from './analyzers/annotations.ts'
import { conflictingGateways } from './analyzers/conflicting-gateways.ts'
import { delegateReference } from './analyzers/delegate-reference.ts'
import { deploymentPorts } from './analyzers/deployment-ports.ts'
import { destinationHost } from './analyzers/destination-host.ts'
import { destinationRuleHost } from './analyzers/destination-rule-host.ts'
import { destinationSubset } from './analyzers/destination-subset.ts'
import { duplicates } from './analyzers/duplicates.ts'
import { egressRules } from './analyzers/egress-rules.ts'
import { entryAddresses } from './analyzers/entry-addresses.ts'
import { entryHosts } from './analyzers/entry-hosts.ts'
import { entryProtocols } from './analyzers/entry-protocols.ts'
import { faultsWithoutPercentage } from './analyzers/faults-without-percentage.ts'
import { gatewayCertificates } from './analyzers/gateway-certificates.ts'
import { gatewayPorts } from './analyzers/gateway-ports.ts'
import { gatewayReference } from './analyzers/gateway-reference.ts'
import { gatewaySelector } from './analyzers/gateway-selector.ts'
import { ingressSubsets } from './analyzers/ingress-subsets.ts'
import { injection } from './analyzers/injection.ts'
import { jwtRouting } from './analyzers/jwt-routing.ts'
import { listenerConflicts } from './analyzers/listener-conflicts.ts'
import { meshHosts } from './analyzers/mesh-hosts.ts'
import { outboundPolicy } from './analyzers/outbound-policy.ts'
import { policyNamespaces } from './analyzers/policy-namespaces.ts'
import { policySelectors } from './analyzers/policy-selectors.ts'
import { portNames } from './analyzers/port-names.ts'
import { reservedPorts } from './analyzers/reserved-ports.ts'
import { schema } from './analyzers/schema.ts'
import { serverVerification } from './analyzers/server-verification.ts'
import { sidecarSelectors } from './analyzers/sidecar-selectors.ts'
import { virtualServiceHost } from './analyzers/virtual-service-host.ts'
import { ANALYSIS_CODES, type AnalysisLevel } from './codes.ts'
import { textAt } from './json.ts'
import { MeshObjects } from './mesh-objects.ts'
import { type AnalysisInput, type AnalysisOptions, originOf } from './subject.ts'

/** All analyzers, by name. */
export const ANALYZERS: readonly Analyzer[] = [
  schema,
  duplicates,
  annotations,
  injection,
  destinationHost,
  destinationSubset,
  destinationRuleHost,
  gatewayReference,
  gatewaySelector,
  conflictingGateways,
  gatewayCertificates,
  gatewayPorts,
  meshHosts,
  delegateReference,
  ingressSubsets,
  jwtRouting,
  faultsWithoutPercentage,
  virtualServiceHost,
  sidecarSelectors,
  outboundPolicy,
  policySelectors,
  policyNamespaces,
  portNames,
  deploymentPorts,
  serverVerification,
  entryAddresses,
  entryProtocols,
  entryHosts,
  reservedPorts,
  listenerConflicts,
  egressRules,
].sort((a, b) => (a.name < b.name ? -1 : 1))

const RANK: Readonly<Record<AnalysisLevel, number>> = { Error: 0, Warning: 1, Info: 2 }

/** An object may name codes that are not to be told of it, or "*". */
const SUPPRESSING_ANNOTATION = 'galley.istio.io/analyze-suppress'

/**
 * Everything that is wrong with objects taken together (spec 8.2): errors first, then by code and object. Objects given later count as younger where
 * the oldest wins. Pure; invalid objects are analyzed as far as they can be read.
 */
export function analyze(inputs: readonly AnalysisInput[], options: AnalysisOptions = {}): readonly AnalysisMessage[] {
  const mesh = new MeshObjects(inputs, options)
  const found = new Map<string, AnalysisMessage>()
  const tell: Tell = (subject, code, message, { path, others = [] } = {}) => {
    if (isSuppressed(textAt(subject.object, 'metadata', 'annotations', SUPPRESSING_ANNOTATION), code)) return
    const { kind, namespace, name, input } = subject
    const { level } = ANALYSIS_CODES[code]
    const line = path === undefined ? input.line : (input.locate?.(path).line ?? input.line)
    const origin = originOf(subject)
    const names = others.map(originOf)
    const one = { code, level, kind, namespace, name, origin, message, file: input.file, line, others: names }
    const key = `${code} ${origin} ${line} ${message}`
    if (!found.has(key)) found.set(key, one)
  }
  for (const analyzer of ANALYZERS) analyzer.analyze(mesh, tell)
  return [...found.values()].sort(
    (a, b) =>
      RANK[a.level] - RANK[b.level] ||
      compareText(a.code, b.code) ||
      compareText(a.origin, b.origin) ||
      (a.line ?? 0) - (b.line ?? 0),
  )
}

function isSuppressed(annotation: string, code: string): boolean {
  return annotation.split(',').some((one) => one.trim() === code || one.trim() === '*')
}
