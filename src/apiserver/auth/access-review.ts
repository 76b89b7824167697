import { StatusError } from '#kube/status.ts'
import { isAllowed, pathsFor, rulesFor } from './authorize.ts'
import type { User } from './user.ts'

type JsonMap = Readonly<Record<string, unknown>>

/** Whether a resource is one of the questions that anybody may ask about itself: nothing of them is stored. */
export function isReview(group: string, resource: string): boolean {
  return KINDS[`${group}/${resource}`] !== undefined
}

const KINDS: Readonly<
  Record<string, { readonly kind: string; readonly answer: (user: User, spec: JsonMap) => JsonMap }>
> = {
  'authorization.k8s.io/selfsubjectaccessreviews': { kind: 'SelfSubjectAccessReview', answer: reviewAccess },
  'authorization.k8s.io/selfsubjectrulesreviews': { kind: 'SelfSubjectRulesReview', answer: reviewRules },
  'authentication.k8s.io/selfsubjectreviews': { kind: 'SelfSubjectReview', answer: reviewSelf },
}

/** Answers `kubectl auth can-i` and `kubectl auth whoami`: the review that was sent, with its status. Throws a StatusError `BadRequest`. */
export function answerReview(user: User, group: string, resource: string, sent: JsonMap): JsonMap {
  const found = KINDS[`${group}/${resource}`]
  if (found === undefined || (sent.kind !== undefined && sent.kind !== found.kind)) {
    throw new StatusError('BadRequest', `the body of the request is no ${found?.kind ?? 'review'}`)
  }
  const spec = mapOf(sent.spec)
  const { answer, kind } = found
  return { kind, apiVersion: `${group}/v1`, metadata: { creationTimestamp: null }, spec, status: answer(user, spec) }
}

function reviewAccess(user: User, { resourceAttributes, nonResourceAttributes }: JsonMap): JsonMap {
  if ((resourceAttributes === undefined) === (nonResourceAttributes === undefined)) {
    throw new StatusError(
      'BadRequest',
      'exactly one of spec.resourceAttributes and spec.nonResourceAttributes must be given',
    )
  }
  if (resourceAttributes === undefined) {
    const { path, verb } = mapOf(nonResourceAttributes)
    return { allowed: isAllowed(user, { kind: 'path', verb: text(verb), path: text(path) }) }
  }
  const { verb, group, resource, subresource, namespace, name } = mapOf(resourceAttributes)
  const allowed = isAllowed(user, {
    kind: 'resource',
    verb: text(verb),
    group: text(group),
    resource: text(resource),
    subresource: text(subresource),
    namespace: text(namespace),
    name: text(name),
  })
  return { allowed }
}

function reviewRules(user: User, { namespace }: JsonMap): JsonMap {
  const rules = rulesFor(user).filter((rule) => rule.namespace === undefined || rule.namespace === namespace)
  return {
    resourceRules: rules.map(({ verbs, groups, resources, names }) => ({
      verbs,
      apiGroups: groups,
      resources,
      ...(names === undefined ? {} : { resourceNames: names }),
    })),
    nonResourceRules: [
      { verbs: user.groups.includes('system:masters') ? ['*'] : ['get'], nonResourceURLs: pathsFor(user) },
    ],
    // A rule cannot say "all but secrets".
    incomplete: rules.some((rule) => rule.except !== undefined),
    ...(rules.some((rule) => rule.except !== undefined)
      ? { evaluationError: 'secrets are not among the resources' }
      : {}),
  }
}

function reviewSelf({ name, groups }: User): JsonMap {
  return { userInfo: { username: name, groups } }
}

function mapOf(value: unknown): JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonMap) : {}
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
