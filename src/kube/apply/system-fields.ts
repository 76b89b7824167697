import { isJsonMap, type JsonMap } from '#kube/json-value.ts'
import { FieldSet } from './field-set.ts'
import { nameStep } from './field-step.ts'

/** Fields of metadata that the API server sets or that name the object: nobody owns them. */
const METADATA = [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'generation',
  'managedFields',
  'resourceVersion',
]

/** What is never in managedFields. */
export const SYSTEM_FIELDS: FieldSet = FieldSet.from([
  [nameStep('apiVersion')],
  [nameStep('kind')],
  [nameStep('metadata')],
  ...METADATA.map((name) => [nameStep('metadata'), nameStep(name)]),
])

/** An applied object without what the live one knows better; its name and namespace stay. */
export function withoutServerFields(applied: JsonMap): JsonMap {
  if (!isJsonMap(applied.metadata)) return applied
  const {
    creationTimestamp: _1,
    selfLink: _2,
    uid: _3,
    generation: _4,
    managedFields: _5,
    resourceVersion: _6,
    ...metadata
  } = applied.metadata
  return { ...applied, metadata }
}
