import { type MessageShape, shape } from './message-shape.ts'

const OWNER_REFERENCE = shape({
  1: ['kind', 'text'],
  3: ['name', 'text'],
  4: ['uid', 'text'],
  5: ['apiVersion', 'text'],
  6: ['controller', 'boolean?'],
  7: ['blockOwnerDeletion', 'boolean?'],
})

/** meta/v1 ObjectMeta. */
export const OBJECT_META: MessageShape = shape({
  1: ['name', 'text'],
  2: ['generateName', 'text'],
  3: ['namespace', 'text'],
  4: ['selfLink', 'text'],
  5: ['uid', 'text'],
  6: ['resourceVersion', 'text'],
  7: ['generation', 'number'],
  8: ['creationTimestamp', 'time'],
  9: ['deletionTimestamp', 'time'],
  10: ['deletionGracePeriodSeconds', 'number?'],
  11: ['labels', { mapOf: 'text' }],
  12: ['annotations', { mapOf: 'text' }],
  13: ['ownerReferences', { list: OWNER_REFERENCE }],
  14: ['finalizers', { list: 'text' }],
  17: ['managedFields', 'ignored'],
})

/** meta/v1 LabelSelector. */
export const LABEL_SELECTOR: MessageShape = shape({
  1: ['matchLabels', { mapOf: 'text' }],
  2: [
    'matchExpressions',
    { list: shape({ 1: ['key', 'text'], 2: ['operator', 'text'], 3: ['values', { list: 'text' }] }) },
  ],
})

/** meta/v1 DeleteOptions. */
export const DELETE_OPTIONS: MessageShape = shape({
  1: ['gracePeriodSeconds', 'number?'],
  2: ['preconditions', shape({ 1: ['uid', 'text'], 2: ['resourceVersion', 'text'] })],
  3: ['orphanDependents', 'boolean?'],
  4: ['propagationPolicy', 'text'],
  5: ['dryRun', { list: 'text' }],
})

const RESOURCE_ATTRIBUTES = shape({
  1: ['namespace', 'text'],
  2: ['verb', 'text'],
  3: ['group', 'text'],
  4: ['version', 'text'],
  5: ['resource', 'text'],
  6: ['subresource', 'text'],
  7: ['name', 'text'],
})

/** The questions of authorization.k8s.io and authentication.k8s.io. */
export const ACCESS_REVIEW: MessageShape = shape({
  1: ['metadata', OBJECT_META],
  2: [
    'spec',
    shape({
      1: ['resourceAttributes', RESOURCE_ATTRIBUTES],
      2: ['nonResourceAttributes', shape({ 1: ['path', 'text'], 2: ['verb', 'text'] })],
    }),
  ],
  3: ['status', 'ignored'],
})

export const RULES_REVIEW: MessageShape = shape({
  1: ['metadata', OBJECT_META],
  2: ['spec', shape({ 1: ['namespace', 'text'] })],
  3: ['status', 'ignored'],
})

export const SELF_REVIEW: MessageShape = shape({ 1: ['metadata', OBJECT_META], 2: ['status', 'ignored'] })
