import type { Schema } from './schema.ts'

const TEXT: Schema = { type: 'string' }
const TEXTS: Schema = { type: 'object', additionalProperties: TEXT }
const TIME: Schema = { type: 'string', format: 'date-time', nullable: true }

const OWNER_REFERENCE: Schema = {
  type: 'object',
  description: 'An object that this one belongs to: when all of them are gone, this one is deleted.',
  required: ['apiVersion', 'kind', 'name', 'uid'],
  properties: {
    apiVersion: TEXT,
    kind: TEXT,
    name: TEXT,
    uid: TEXT,
    controller: { type: 'boolean' },
    blockOwnerDeletion: { type: 'boolean' },
  },
  'x-kubernetes-map-type': 'atomic',
}

const MANAGED_FIELDS_ENTRY: Schema = {
  type: 'object',
  properties: {
    manager: TEXT,
    operation: TEXT,
    apiVersion: TEXT,
    time: TIME,
    fieldsType: TEXT,
    fieldsV1: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    subresource: TEXT,
  },
}

/** metadata of every object (meta/v1 ObjectMeta). */
export const OBJECT_META_SCHEMA: Schema = {
  type: 'object',
  description: 'Name, namespace, labels, annotations and what the API server keeps about every object.',
  properties: {
    name: { ...TEXT, description: 'Unique among the objects of the kind in the namespace.' },
    generateName: { ...TEXT, description: 'What a generated name begins with, where no name is given.' },
    namespace: { ...TEXT, description: 'The namespace that holds the object.' },
    labels: { ...TEXTS, description: 'Keys and values that objects are selected by.' },
    annotations: { ...TEXTS, description: 'Keys and values that programs keep with the object.' },
    finalizers: {
      type: 'array',
      description: 'Who has to agree before a deleted object goes.',
      items: TEXT,
      'x-kubernetes-list-type': 'set',
      'x-kubernetes-patch-strategy': 'merge',
    },
    ownerReferences: {
      type: 'array',
      items: OWNER_REFERENCE,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['uid'],
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-patch-merge-key': 'uid',
    },
    uid: { ...TEXT, description: 'Unique in time and space; set by the API server.' },
    resourceVersion: { ...TEXT, description: 'The last write; a write that names an older one is refused.' },
    generation: { type: 'integer', format: 'int64', description: 'How often the wanted state changed.' },
    creationTimestamp: { ...TIME, description: 'When the object was created.' },
    deletionTimestamp: { ...TIME, description: 'When the object was asked to go; its finalizers hold it.' },
    deletionGracePeriodSeconds: { type: 'integer', format: 'int64' },
    selfLink: TEXT,
    managedFields: { type: 'array', items: MANAGED_FIELDS_ENTRY, description: 'Who set which fields.' },
  },
}

const whole = new WeakMap<Schema, Schema>()

/** The schema of whole objects from that of the fields beside apiVersion, kind and metadata; one that has metadata already stays as it is. */
export function objectSchema(fields: Schema): Schema {
  if (fields.properties?.metadata?.properties !== undefined) return fields
  let schema = whole.get(fields)
  if (schema === undefined) {
    const head = { apiVersion: TEXT, kind: TEXT, metadata: OBJECT_META_SCHEMA }
    schema = { ...fields, type: 'object', properties: { ...head, ...fields.properties } }
    whole.set(fields, schema)
  }
  return schema
}
