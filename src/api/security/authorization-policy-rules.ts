import { DRY_RUN } from '#api/kube-object.ts'
import type { Report } from '#api/schema/report.ts'
import { checkSelection } from '#api/workload-selection.ts'
import type { FieldPath } from '#kube/field-path.ts'
import type { AuthorizationPolicy, Operation, Rule, Source } from './authorization-policy.ts'
import { type FaultOf, faultOfIpBlock, faultOfPath, faultOfPortText, faultOfServiceAccount } from './call-attributes.ts'
import { checkConditions } from './condition-rules.ts'

/** Says a fault of a policy: Istio puts the name of the policy in front of each. */
export type Say = (path: FieldPath, fault: string | undefined) => void

/** Istio's rules about an authorization policy (spec 1.8), all faults at once. */
export function checkAuthorizationPolicy(policy: AuthorizationPolicy, report: Report): void {
  const { metadata, spec } = policy
  const name = `${metadata.name}.${metadata.namespace ?? 'default'}`
  const say: Say = (path, fault) =>
    report.fault(path, fault === undefined ? undefined : `invalid policy ${name}: ${fault}`)
  checkSelection(spec, 'authorization policy', report)
  checkDryRun(policy, report)
  checkAction(policy, say)
  for (const [index, rule] of spec.rules.entries()) {
    const at = ['spec', 'rules', index]
    checkFrom(rule, index, at, say)
    checkTo(rule, index, at, say)
    checkConditions(rule.when, index, [...at, 'when'], say)
    if (spec.action === 'CUSTOM') checkCustomRule(rule, at, say)
    if (spec.action === 'DENY' && deniesAllTcp(rule)) report.fault(at, DENIES_TCP, 'warning')
  }
}

const DENIES_TCP =
  'configured AuthorizationPolicy will deny all traffic to TCP ports under its scope due to the use of only HTTP attributes in a DENY rule; name the ports that are meant'

const GO_BOOLEANS: readonly string[] = ['1', 't', 'T', 'TRUE', 'true', 'True', '0', 'f', 'F', 'FALSE', 'false', 'False']

function checkDryRun({ metadata, spec }: AuthorizationPolicy, report: Report): void {
  const annotations = metadata.annotations ?? {}
  if (!Object.hasOwn(annotations, DRY_RUN)) return
  const at = ['metadata', 'annotations', DRY_RUN]
  if (spec.action !== 'ALLOW' && spec.action !== 'DENY') {
    report.fault(at, `annotation ${DRY_RUN} currently only supports action ALLOW/DENY, not ${spec.action}`)
  }
  const value = annotations[DRY_RUN]!
  if (!GO_BOOLEANS.includes(value)) {
    report.error(at, `annotation ${DRY_RUN} with invalid value ${JSON.stringify(value)}: it is true or false`)
  }
}

function checkAction({ spec }: AuthorizationPolicy, say: Say): void {
  const { action, rules, provider } = spec
  if (rules.length === 0 && (action === 'CUSTOM' || action === 'DENY')) {
    const text = `${action} action without \`rules\` is meaningless as it will never be triggered, add an empty rule \`{}\` if you want it be triggered for every request`
    say(['spec', 'rules'], text)
  }
  if (action === 'CUSTOM') {
    if (provider === undefined || provider.name === '') say(['spec', 'provider'], '`provider.name` must not be empty')
  } else if (provider !== undefined) {
    say(['spec', 'provider'], `\`provider\` must not be with non CUSTOM action, found ${action}`)
  }
}

const SOURCE_RULES: Partial<Readonly<Record<keyof Source, FaultOf>>> = {
  ipBlocks: faultOfIpBlock,
  notIpBlocks: faultOfIpBlock,
  remoteIpBlocks: faultOfIpBlock,
  notRemoteIpBlocks: faultOfIpBlock,
  serviceAccounts: faultOfServiceAccount,
  notServiceAccounts: faultOfServiceAccount,
}

const OPERATION_RULES: Partial<Readonly<Record<keyof Operation, FaultOf>>> = {
  ports: faultOfPortText,
  notPorts: faultOfPortText,
  paths: faultOfPath,
  notPaths: faultOfPath,
}

function checkFrom(rule: Rule, index: number, path: FieldPath, say: Say): void {
  if (rule.from?.length === 0) say([...path, 'from'], `\`from\` must not be empty, found at rule ${index}`)
  for (const [place, { source }] of (rule.from ?? []).entries()) {
    const at = [...path, 'from', place, 'source']
    if (source === undefined) say(at, `\`from.source\` must not be nil, found at rule ${index}`)
    else {
      checkLists(source, 'from.source', SOURCE_RULES, index, at, say)
      checkServiceAccounts(source, index, at, say)
    }
  }
}

function checkTo(rule: Rule, index: number, path: FieldPath, say: Say): void {
  if (rule.to?.length === 0) say([...path, 'to'], `\`to\` must not be empty, found at rule ${index}`)
  for (const [place, { operation }] of (rule.to ?? []).entries()) {
    const at = [...path, 'to', place, 'operation']
    if (operation === undefined) say(at, `\`to.operation\` must not be nil, found at rule ${index}`)
    else checkLists(operation, 'to.operation', OPERATION_RULES, index, at, say)
  }
}

function checkLists<T extends object>(
  lists: T,
  name: string,
  rules: Partial<Readonly<Record<keyof T, FaultOf>>>,
  index: number,
  path: FieldPath,
  say: Say,
): void {
  const entries = Object.entries(lists) as [keyof T & string, readonly string[]][]
  if (entries.every(([, values]) => values.length === 0)) {
    say(path, `\`${name}\` must not be empty, found at rule ${index}`)
  }
  for (const [field, values] of entries) {
    for (const [place, value] of values.entries()) {
      const empty = `empty value not allowed, found in ${field[0]!.toUpperCase()}${field.slice(1)}`
      say([...path, field, place], value === '' ? empty : rules[field]?.(value))
    }
  }
}

/** A service account says namespace and principal already. */
function checkServiceAccounts(source: Source, index: number, path: FieldPath, say: Say): void {
  if (source.serviceAccounts.length + source.notServiceAccounts.length === 0) return
  const { principals, notPrincipals, namespaces, notNamespaces } = source
  if ([principals, notPrincipals, namespaces, notNamespaces].every((values) => values.length === 0)) return
  say(
    [...path, 'serviceAccounts'],
    `serviceAccounts cannot be set with namespaces or principals, found at rule ${index}`,
  )
}

const NOT_IN_CUSTOM: readonly (keyof Source)[] = [
  'namespaces',
  'notNamespaces',
  'principals',
  'notPrincipals',
  'requestPrincipals',
  'notRequestPrincipals',
  'serviceAccounts',
  'notServiceAccounts',
  'trustDomains',
  'notTrustDomains',
]

const KEYS_NOT_IN_CUSTOM = [
  'source.namespace',
  'source.principal',
  'source.serviceAccount',
  'source.trustDomain',
  'request.auth.',
]

/** Who decides is asked before tokens and certificates are looked at. */
function checkCustomRule(rule: Rule, path: FieldPath, say: Say): void {
  const refusal = (what: string) => `${what} is currently not supported with CUSTOM action`
  for (const [place, { source }] of (rule.from ?? []).entries()) {
    for (const field of NOT_IN_CUSTOM) {
      if (source !== undefined && source[field].length > 0)
        say([...path, 'from', place, 'source', field], refusal(field))
    }
  }
  for (const [place, { key }] of rule.when.entries()) {
    if (KEYS_NOT_IN_CUSTOM.some((start) => key.startsWith(start))) say([...path, 'when', place, 'key'], refusal(key))
  }
}

const TCP_SOURCES: readonly (keyof Source)[] = [
  'namespaces',
  'notNamespaces',
  'principals',
  'notPrincipals',
  'ipBlocks',
  'notIpBlocks',
  'serviceAccounts',
  'notServiceAccounts',
  'trustDomains',
  'notTrustDomains',
]

/** Where a connection is not HTTP its HTTP attributes are left out; a DENY rule of which nothing is left denies every connection. */
function deniesAllTcp(rule: Rule): boolean {
  if (rule.to !== undefined && rule.to.length > 0) {
    return !rule.to.some(({ operation }) => operation && operation.ports.length + operation.notPorts.length > 0)
  }
  if (rule.from === undefined || rule.from.length === 0) return false
  return !rule.from.some(({ source }) => source && TCP_SOURCES.some((field) => source[field].length > 0))
}
