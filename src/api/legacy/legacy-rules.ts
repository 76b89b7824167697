import { decodeKubeObject } from '#api/kube-object.ts'
import { isRecord } from '#api/schema/decode.ts'
import { Report } from '#api/schema/report.ts'
import { type Manifest, messageAbout } from '#kube/manifest.ts'
import type { Message } from '#kube/message.ts'
import { type DestinationPolicy, decodeDestinationPolicySpec } from './destination-policy.ts'
import { lossesOfDestinationPolicy } from './destination-policy-conversion.ts'
import { checkDestinationPolicy } from './destination-policy-rules.ts'
import { decodeRouteRuleSpec, type RouteRule } from './route-rule.ts'
import { lossesOfRouteRule } from './route-rule-conversion.ts'
import { checkRouteRule } from './route-rule-rules.ts'
import { ambiguousSubsets, hiddenPolicies } from './rule-conversion.ts'

/** The valid route rules and destination policies among some manifests, and what there is to say about all of them. */
export interface LegacyRules {
  readonly routeRules: readonly RouteRule[]
  readonly destinationPolicies: readonly DestinationPolicy[]
  readonly messages: readonly Message[]
}

/** Whether a manifest is a route rule or destination policy, of whichever version: istioctl of their time went by the kind alone. */
export function isLegacyRule({ apiVersion, kind }: Manifest): boolean {
  return apiVersion.startsWith('config.istio.io/') && (kind === 'RouteRule' || kind === 'DestinationPolicy')
}

/** Reads route rules and destination policies, with the losses that their conversion brings. Never throws. */
export function readLegacyRules(manifests: readonly Manifest[]): LegacyRules {
  const routeRules: RouteRule[] = []
  const policies = new Map<DestinationPolicy, Manifest>()
  const messages: Message[] = []
  for (const manifest of manifests) {
    const report = new Report()
    if (manifest.kind === 'RouteRule') {
      const rule = decodeKubeObject(manifest.value, decodeRouteRuleSpec, report)
      if (manifest.value.spec) checkRouteRule(rule, report)
      if (!report.hasErrors) routeRules.push(rule)
      say(manifest, report.hasErrors ? [] : lossesOfRouteRule(rule), report, messages)
    } else {
      const policy = decodeKubeObject(manifest.value, decodeDestinationPolicySpec, report)
      if (manifest.value.spec) checkDestinationPolicy(policy, report)
      if (!report.hasErrors) policies.set(policy, manifest)
      say(manifest, report.hasErrors ? [] : lossesOfDestinationPolicy(policy), report, messages)
    }
  }
  messages.push(...duplicatesAmong(manifests))
  for (const [policy, earlier] of hiddenPolicies([...policies.keys()])) {
    const text = `DestinationPolicy ${policy.metadata.name} is left out: ${earlier.metadata.name} is for the same workloads`
    messages.push(messageAbout(policies.get(policy)!, { level: 'warning', path: [], text }))
  }
  for (const name of ambiguousSubsets(routeRules, [...policies.keys()])) {
    const text = `different labels of ${name} would have the same name as subsets: rename a label`
    messages.push(messageAbout(manifests[0]!, { level: 'error', path: [], text }))
  }
  return { routeRules, destinationPolicies: [...policies.keys()], messages }
}

/** A rule that is written twice is converted twice: which one is meant is for its writer to say. */
function duplicatesAmong(manifests: readonly Manifest[]): readonly Message[] {
  const first = new Map<string, Manifest>()
  return manifests.flatMap((manifest) => {
    const { name, namespace = 'default' } = isRecord(manifest.value.metadata) ? manifest.value.metadata : {}
    const key = `${manifest.kind} ${namespace}/${name}`
    const earlier = first.get(key)
    if (earlier === undefined) first.set(key, manifest)
    const place = earlier && `${earlier.file}:${earlier.locate([]).line}`
    return place === undefined
      ? []
      : [messageAbout(manifest, { level: 'warning', path: [], text: `${key} is already defined at ${place}` })]
  })
}

function say(
  manifest: Manifest,
  losses: ReturnType<typeof lossesOfRouteRule>,
  report: Report,
  messages: Message[],
): void {
  for (const finding of [...report.findings, ...losses]) messages.push(messageAbout(manifest, finding))
}
