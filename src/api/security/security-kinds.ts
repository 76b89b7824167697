import { column, istioKind } from '#api/istio-kind.ts'
import type { KindDefinition } from '#api/kind.ts'
import { AGE_COLUMN } from '#api/printer-column.ts'
import { decodeAuthorizationPolicySpec } from './authorization-policy.ts'
import { checkAuthorizationPolicy } from './authorization-policy-rules.ts'
import { PEER_AUTHENTICATION } from './peer-authentication.ts'
import { decodeRequestAuthenticationSpec } from './request-authentication.ts'
import { checkRequestAuthentication } from './request-authentication-rules.ts'

/** Spec 1.8. */
const AUTHORIZATION_POLICY = istioKind({
  group: 'security.istio.io',
  kind: 'AuthorizationPolicy',
  plural: 'authorizationpolicies',
  shortNames: ['ap'],
  versions: ['v1', 'v1beta1'],
  description: 'Which calls workloads take, and which they refuse.',
  columns: [column('Action', '.spec.action', 'What becomes of a call that a rule holds for.'), AGE_COLUMN],
  decodeSpec: decodeAuthorizationPolicySpec,
  checkRules: checkAuthorizationPolicy,
})

/** Spec 1.9. */
const REQUEST_AUTHENTICATION = istioKind({
  group: 'security.istio.io',
  kind: 'RequestAuthentication',
  plural: 'requestauthentications',
  shortNames: ['ra'],
  versions: ['v1', 'v1beta1'],
  description: 'Which tokens requests may carry.',
  decodeSpec: decodeRequestAuthenticationSpec,
  checkRules: checkRequestAuthentication,
})

/** Kinds of security.istio.io. */
export const SECURITY_KINDS: readonly KindDefinition[] = [
  AUTHORIZATION_POLICY,
  PEER_AUTHENTICATION,
  REQUEST_AUTHENTICATION,
]
