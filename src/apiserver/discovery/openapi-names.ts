import type { ServedKind } from '#apiserver/objects/kind-registry.ts'
import type { Schema } from '#kube/schema.ts'

export const META_PREFIX = 'io.k8s.apimachinery.pkg.apis.meta.v1'

/** The name of a kind's schema: `io.istio.networking.v1.ServiceEntry`. */
export function schemaName({ definition: { group, kind }, version }: ServedKind): string {
  const domain = group.includes('.') ? group.split('.').reverse().join('.') : `io.k8s.api.${group || 'core'}`
  return `${domain}.${version}.${kind}`
}

const TEXT: Schema = { type: 'string' }

export const LIST_META_SCHEMA: Schema = {
  type: 'object',
  description: 'What the server says of a list.',
  properties: {
    continue: { ...TEXT, description: 'To be sent for the next page.' },
    remainingItemCount: { type: 'integer', format: 'int64', description: 'How many objects follow.' },
    resourceVersion: { ...TEXT, description: 'The state that the list shows.' },
    selfLink: TEXT,
  },
}

export const DELETE_OPTIONS_SCHEMA: Schema = {
  type: 'object',
  description: 'How a deletion is meant.',
  properties: {
    apiVersion: TEXT,
    kind: TEXT,
    dryRun: { type: 'array', items: TEXT, description: '"All": everything but the deletion itself.' },
    gracePeriodSeconds: { type: 'integer', format: 'int64', description: 'Not waited for.' },
    orphanDependents: { type: 'boolean', description: 'Use propagationPolicy.' },
    propagationPolicy: { ...TEXT, description: 'Background, Foreground or Orphan.' },
    preconditions: {
      type: 'object',
      description: 'Which object, and in which state.',
      properties: { uid: TEXT, resourceVersion: TEXT },
    },
  },
}

export const STATUS_SCHEMA: Schema = {
  type: 'object',
  description: 'Why a request failed, or that it is done.',
  properties: {
    apiVersion: TEXT,
    kind: TEXT,
    status: { ...TEXT, description: 'Success or Failure.' },
    message: { ...TEXT, description: 'What to tell a person.' },
    reason: { ...TEXT, description: 'What to tell a program.' },
    code: { type: 'integer', format: 'int32', description: 'The HTTP status.' },
    details: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
}
