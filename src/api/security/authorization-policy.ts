import { described, list, message, oneOf, optional, string } from '#api/schema/decode.ts'
import { SELECTION_FIELDS, type WorkloadSelection } from '#api/workload-selection.ts'
import type { KubeObject } from '#kube/object.ts'

/** Who calls. Values of one list are alternatives, all lists must hold, none of the `not` lists may (spec 1.8). */
export interface Source {
  readonly principals: readonly string[]
  readonly notPrincipals: readonly string[]
  readonly requestPrincipals: readonly string[]
  readonly notRequestPrincipals: readonly string[]
  readonly namespaces: readonly string[]
  readonly notNamespaces: readonly string[]
  readonly ipBlocks: readonly string[]
  readonly notIpBlocks: readonly string[]
  readonly remoteIpBlocks: readonly string[]
  readonly notRemoteIpBlocks: readonly string[]
  /** `NAME` of the own namespace, or `NAMESPACE/NAME`. */
  readonly serviceAccounts: readonly string[]
  readonly notServiceAccounts: readonly string[]
  readonly trustDomains: readonly string[]
  readonly notTrustDomains: readonly string[]
}

/** What is called. */
export interface Operation {
  readonly hosts: readonly string[]
  readonly notHosts: readonly string[]
  readonly ports: readonly string[]
  readonly notPorts: readonly string[]
  readonly methods: readonly string[]
  readonly notMethods: readonly string[]
  readonly paths: readonly string[]
  readonly notPaths: readonly string[]
}

/** A further attribute of a call, such as `request.headers[user-agent]`. */
export interface Condition {
  readonly key: string
  readonly values: readonly string[]
  readonly notValues: readonly string[]
}

/** One rule: some source, some operation and every condition; a list that is left out holds for every call. */
export interface Rule {
  readonly from: readonly { readonly source: Source | undefined }[] | undefined
  readonly to: readonly { readonly operation: Operation | undefined }[] | undefined
  readonly when: readonly Condition[]
}

export type Action = 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM'

/** spec of an AuthorizationPolicy, decoded (spec 1.8). ALLOW without rules allows nothing. */
export interface AuthorizationPolicySpec extends WorkloadSelection {
  readonly action: Action
  readonly rules: readonly Rule[]
  readonly provider: { readonly name: string } | undefined
}

export type AuthorizationPolicy = KubeObject<AuthorizationPolicySpec>

const values = (description: string) => described(description, list(string()))
const accounts = (description: string) => described(description, list(string(320), { maxItems: 16 }))

const decodeSource = message<Source>({
  principals: values('Identities of the calling workload, from its certificate.'),
  notPrincipals: values('Identities that it may not have.'),
  requestPrincipals: values('Issuer and subject of the token, as ISSUER/SUBJECT.'),
  notRequestPrincipals: values('Those that the token may not have.'),
  namespaces: values('Namespaces of the calling workload.'),
  notNamespaces: values('Namespaces that it may not be in.'),
  ipBlocks: values('Addresses and blocks that the packets come from.'),
  notIpBlocks: values('Those that they may not come from.'),
  remoteIpBlocks: values('Addresses and blocks of the caller, as X-Forwarded-For tells them.'),
  notRemoteIpBlocks: values('Those that it may not have.'),
  serviceAccounts: accounts('Service accounts of the calling workload, as NAME or NAMESPACE/NAME.'),
  notServiceAccounts: accounts('Those that it may not have.'),
  trustDomains: values('Trust domains of the calling workload.'),
  notTrustDomains: values('Those that it may not be of.'),
})

const decodeOperation = message<Operation>({
  hosts: values('Hosts of the request.'),
  notHosts: values('Those that it may not be for.'),
  ports: values('Ports, as strings.'),
  notPorts: values('Those that may not be called.'),
  methods: values('HTTP methods.'),
  notMethods: values('Those that may not be used.'),
  paths: values('Paths of the request; {*} stands for a segment, {**} for the rest.'),
  notPaths: values('Those that it may not have.'),
})

const decodeRule = message<Rule>({
  from: described(
    'Who calls; anyone unless given.',
    optional(
      list(message({ source: described('One caller.', optional(decodeSource)) }), {
        maxItems: 512,
        nullText: '`from` must not be nil',
      }),
    ),
  ),
  to: described(
    'What is called; anything unless given.',
    optional(
      list(message({ operation: described('One operation.', optional(decodeOperation)) }), {
        maxItems: 512,
        nullText: '`to` must not be nil',
      }),
    ),
  ),
  when: described(
    'Conditions that must all hold.',
    list(
      message<Condition>({
        key: described('The attribute.', string()),
        values: values('Values it may have.'),
        notValues: values('Values it may not have.'),
      }),
      { nullText: '`when` must not be nil' },
    ),
  ),
})

export const decodeAuthorizationPolicySpec = message<AuthorizationPolicySpec>({
  ...SELECTION_FIELDS,
  action: described('What becomes of a call that a rule holds for.', oneOf(['ALLOW', 'DENY', 'AUDIT', 'CUSTOM'])),
  rules: described('Each of them is enough.', list(decodeRule, { maxItems: 512, nullText: '`rule` must not be nil' })),
  provider: described(
    'Who decides, with CUSTOM.',
    optional(message({ name: described('One of extensionProviders.', string()) })),
  ),
})
