import { column, istioKind } from '#api/istio-kind.ts'
import { AGE_COLUMN } from '#api/printer-column.ts'
import { checkDestinationRule } from './destination-rule-rules.ts'
import { decodeDestinationRuleSpec } from './destination-rule-schema.ts'

/** Spec 1.4. */
export const DESTINATION_RULE = istioKind({
  group: 'networking.istio.io',
  kind: 'DestinationRule',
  plural: 'destinationrules',
  shortNames: ['dr'],
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  description: 'What holds for connections to a service once routes have chosen it: load balancing, limits, TLS.',
  columns: [column('Host', '.spec.host', 'Service of the registry that the rule is for.'), AGE_COLUMN],
  decodeSpec: decodeDestinationRuleSpec,
  checkRules: checkDestinationRule,
})
