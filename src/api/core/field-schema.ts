import type { Schema } from '#kube/schema.ts'

/** Words in which the schemas of core kinds are written: each is a field with its description, a sentence for `kubectl explain`. */

type More = Omit<Schema, 'type' | 'description' | 'properties' | 'items' | 'additionalProperties'>

export function text(description: string, more: More = {}): Schema {
  return { type: 'string', description, ...more }
}

export function integer(description: string, more: More = {}): Schema {
  return { type: 'integer', description, format: 'int32', ...more }
}

export function flag(description: string, more: More = {}): Schema {
  return { type: 'boolean', description, ...more }
}

/** RFC 3339. */
export function time(description: string): Schema {
  return { type: 'string', format: 'date-time', description }
}

/** A number, or a name or percentage. */
export function intOrString(description: string, more: More = {}): Schema {
  return { description, 'x-kubernetes-int-or-string': true, ...more }
}

export function object(description: string, properties: Readonly<Record<string, Schema>>, more: More = {}): Schema {
  return { type: 'object', description, properties, ...more }
}

/** An object of which server-side apply owns all or nothing. */
export function atomicObject(
  description: string,
  properties: Readonly<Record<string, Schema>>,
  more: More = {},
): Schema {
  return object(description, properties, { 'x-kubernetes-map-type': 'atomic', ...more })
}

/** An object whose fields are not checked. */
export function anyObject(description: string, more: More = {}): Schema {
  return { type: 'object', description, 'x-kubernetes-preserve-unknown-fields': true, ...more }
}

/** A map of strings, such as labels. */
export function textMap(description: string, more: More = {}): Schema {
  return { type: 'object', description, additionalProperties: { type: 'string' }, ...more }
}

/** Amounts of resources by their names, such as `cpu: 500m`. */
export function quantityMap(description: string): Schema {
  return { type: 'object', description, additionalProperties: { 'x-kubernetes-int-or-string': true } }
}

/** A list that is replaced as a whole. */
export function list(description: string, items: Schema, more: More = {}): Schema {
  return { type: 'array', description, items, 'x-kubernetes-list-type': 'atomic', ...more }
}

export function textList(description: string, more: More = {}): Schema {
  return list(description, { type: 'string' }, more)
}

/** A list of unlike values, to which patches add. */
export function textSet(description: string): Schema {
  return textList(description, { 'x-kubernetes-list-type': 'set', 'x-kubernetes-patch-strategy': 'merge' })
}

/** A list whose elements go by their keys; strategic merge patches know the first key only. */
export function mapList(
  description: string,
  keys: readonly [string, ...string[]],
  items: Schema,
  more: More = {},
): Schema {
  return {
    type: 'array',
    description,
    items,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': keys,
    'x-kubernetes-patch-strategy': 'merge',
    'x-kubernetes-patch-merge-key': keys[0],
    ...more,
  }
}

/** status.conditions of most kinds. */
export const CONDITIONS: Schema = mapList(
  'What is known about the state of the object, one entry for each type.',
  ['type'],
  object(
    'One thing that is so or not.',
    {
      type: text('What is told.'),
      status: text('True, False or Unknown.'),
      reason: text('The cause in one CamelCase word.'),
      message: text('The cause in a sentence.'),
      observedGeneration: { type: 'integer', format: 'int64', description: 'The generation it was told of.' },
      lastTransitionTime: time('When the status last changed.'),
      lastUpdateTime: time('When the condition was last written.'),
      lastProbeTime: { ...time('When it was last looked at.'), nullable: true },
      lastHeartbeatTime: time('When it was last reported.'),
    },
    { required: ['type', 'status'] },
  ),
)

const matchExpression = object(
  'One requirement about a label.',
  {
    key: text('The label.'),
    operator: text('In, NotIn, Exists or DoesNotExist.'),
    values: textList('Values that In and NotIn compare with.'),
  },
  { required: ['key', 'operator'] },
)

/** metav1 LabelSelector. */
export function labelSelector(description: string): Schema {
  return atomicObject(description, {
    matchLabels: textMap('Labels that must have exactly these values.'),
    matchExpressions: list('Further requirements; all of them must hold.', matchExpression),
  })
}

/** A reference to an object of the same namespace by its name. */
export function localReference(description: string): Schema {
  return atomicObject(description, { name: text('The name of the object.', { default: '' }) })
}

/** core/v1 ObjectReference. */
export function objectReference(description: string): Schema {
  return atomicObject(description, {
    apiVersion: text('Group and version of the object.'),
    kind: text('Kind of the object.'),
    namespace: text('Namespace of the object.'),
    name: text('Name of the object.'),
    uid: text('UID of the object.'),
    resourceVersion: text('The version of the object that is meant.'),
    fieldPath: text('The part of the object that is meant.'),
  })
}
