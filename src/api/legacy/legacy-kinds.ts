import { istioKind } from '#api/istio-kind.ts'
import type { KindDefinition } from '#api/kind.ts'
import { decodeDestinationPolicySpec } from './destination-policy.ts'
import { checkDestinationPolicy } from './destination-policy-rules.ts'
import { decodeEgressRuleSpec } from './egress-rule.ts'
import { checkEgressRule } from './egress-rule-rules.ts'
import { decodeRouteRuleSpec } from './route-rule.ts'
import { checkRouteRule } from './route-rule-rules.ts'

/** Spec 2.1. */
const EGRESS_RULE = istioKind({
  group: 'config.istio.io',
  kind: 'EgressRule',
  plural: 'egressrules',
  versions: ['v1alpha2'],
  description: 'Lets calls out of the mesh, as ServiceEntry does today.',
  decodeSpec: decodeEgressRuleSpec,
  isSpecRequired: true,
  checkRules: checkEgressRule,
})

/** Spec 2.3. Files of that time name earlier and later versions too: istioctl went by the kind alone. */
const ROUTE_RULE = istioKind({
  group: 'config.istio.io',
  kind: 'RouteRule',
  plural: 'routerules',
  versions: ['v1alpha2', 'v1alpha1', 'v1beta1'],
  description: 'Decides where calls to a service go, as VirtualService does today.',
  decodeSpec: decodeRouteRuleSpec,
  isSpecRequired: true,
  checkRules: checkRouteRule,
})

/** Spec 2.3. */
const DESTINATION_POLICY = istioKind({
  group: 'config.istio.io',
  kind: 'DestinationPolicy',
  plural: 'destinationpolicies',
  versions: ['v1alpha2', 'v1alpha1', 'v1beta1'],
  description: 'What holds for connections to a service, as DestinationRule tells today.',
  decodeSpec: decodeDestinationPolicySpec,
  isSpecRequired: true,
  checkRules: checkDestinationPolicy,
})

/** Kinds of Istio 0.2 to 0.8 that Postern still reads. */
export const LEGACY_KINDS: readonly KindDefinition[] = [DESTINATION_POLICY, EGRESS_RULE, ROUTE_RULE]
