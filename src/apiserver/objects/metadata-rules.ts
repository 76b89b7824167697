import type { KindDefinition } from '#api/kind.ts'
import {
  dns1035LabelFaults,
  dnsLabelFaults,
  dnsSubdomainFaults,
  labelValueFaults,
  type NameFaults,
  qualifiedNameFaults,
} from '#kube/name-rules.ts'
import { invalidField, requiredValue } from '#kube/schema-validation.ts'
import type { StatusCause } from '#kube/status.ts'
import { isObject } from './decode-object.ts'

const MAX_ANNOTATIONS_BYTES = 256 << 10

type Metadata = Readonly<Record<string, unknown>>

/** Everything that is wrong with the metadata of an object, whose fields have the right types already; `before` is that of the object as it is. */
export function metadataCauses(
  metadata: Metadata,
  definition: Pick<KindDefinition, 'group' | 'kind'>,
  before: Metadata | undefined,
): readonly StatusCause[] {
  return [
    ...(before === undefined ? nameCauses(metadata, definition) : []),
    ...labelCauses(metadata.labels),
    ...annotationCauses(metadata.annotations),
    ...finalizerCauses(metadata.finalizers, before),
    ...ownerCauses(metadata.ownerReferences),
  ]
}

function nameCauses(
  metadata: Metadata,
  { group, kind }: Pick<KindDefinition, 'group' | 'kind'>,
): readonly StatusCause[] {
  const { name } = metadata
  if (typeof name !== 'string' || name === '') {
    return [requiredValue('metadata.name', 'name or generateName is required')]
  }
  return nameRule(group, kind)(name).map((fault) => invalidField('metadata.name', name, fault))
}

function nameRule(group: string, kind: string): (name: string) => NameFaults {
  if (group === '' && kind === 'Namespace') return dnsLabelFaults
  return group === '' && kind === 'Service' ? dns1035LabelFaults : dnsSubdomainFaults
}

function labelCauses(labels: unknown): readonly StatusCause[] {
  return Object.entries(isObject(labels) ? labels : {}).flatMap(([key, value]) => [
    ...qualifiedNameFaults(key).map((fault) => invalidField('metadata.labels', key, fault)),
    ...labelValueFaults(String(value)).map((fault) => invalidField('metadata.labels', value, fault)),
  ])
}

function annotationCauses(annotations: unknown): readonly StatusCause[] {
  const entries = Object.entries(isObject(annotations) ? annotations : {})
  const causes = entries.flatMap(([key]) =>
    qualifiedNameFaults(key.toLowerCase()).map((fault) => invalidField('metadata.annotations', key, fault)),
  )
  const bytes = entries.reduce((sum, [key, value]) => sum + key.length + String(value).length, 0)
  if (bytes <= MAX_ANNOTATIONS_BYTES) return causes
  const message = `Too long: may not be more than ${MAX_ANNOTATIONS_BYTES} bytes`
  return [...causes, { reason: 'FieldValueTooLong', message, field: 'metadata.annotations' }]
}

/** An object that is being deleted waits for those that it named before: nobody may join them. */
function finalizerCauses(finalizers: unknown, before: Metadata | undefined): readonly StatusCause[] {
  const names = textsOf(finalizers)
  const causes = names.flatMap((name, index) =>
    qualifiedNameFaults(name).map((fault) => invalidField(`metadata.finalizers[${index}]`, name, fault)),
  )
  if (before?.deletionTimestamp === undefined) return causes
  const known = new Set(textsOf(before.finalizers))
  const added = names.filter((name) => !known.has(name))
  if (added.length === 0) return causes
  const list = added.map((name) => JSON.stringify(name)).join(', ')
  const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`
  return [...causes, { reason: 'FieldValueForbidden', message, field: 'metadata.finalizers' }]
}

function ownerCauses(owners: unknown): readonly StatusCause[] {
  const references = (Array.isArray(owners) ? owners : []) as readonly Readonly<Record<string, unknown>>[]
  const causes: StatusCause[] = references.flatMap((reference, index) =>
    ['apiVersion', 'kind', 'name', 'uid']
      .filter((field) => reference[field] === '' || reference[field] === undefined)
      .map((field) => invalidField(`metadata.ownerReferences[${index}].${field}`, '', `${field} must not be empty`)),
  )
  const controllers = references.filter((reference) => reference.controller === true)
  if (controllers.length > 1) {
    const names = controllers.map(({ kind, name }) => `${String(kind)}/${String(name)}`).join(' and ')
    causes.push(
      invalidField(
        'metadata.ownerReferences',
        owners,
        `Only one reference can have Controller set to true. Found "true" in references for ${names}`,
      ),
    )
  }
  return causes
}

function textsOf(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.filter((one): one is string => typeof one === 'string') : []
}
