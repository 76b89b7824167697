import type { FieldPath } from '#kube/field-path.ts'
import type { ObjectMeta } from '#kube/object.ts'
import { isDnsLabel } from './rules/domain-name.ts'
import { isLabelKey } from './rules/label-map.ts'
import { type Decode, decoder, isRecord, mapOf, message, string } from './schema/decode.ts'
import type { Report } from './schema/report.ts'

const ignored: Decode<undefined> = decoder({}, () => undefined)

/** Fields of meta/v1 ObjectMeta that Postern reads no value of. */
const IGNORED_FIELDS = {
  generateName: ignored,
  selfLink: ignored,
  deletionTimestamp: ignored,
  deletionGracePeriodSeconds: ignored,
  ownerReferences: ignored,
  finalizers: ignored,
  managedFields: ignored,
  clusterName: ignored,
}

const decodeFields = message({
  name: string(),
  namespace: string(),
  labels: mapOf(string()),
  annotations: mapOf(string()),
  creationTimestamp: string(),
  generation: ignored,
  resourceVersion: string(),
  uid: string(),
  ...IGNORED_FIELDS,
})

const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/

/** Annotations that Istio sets itself, and refuses from users (spec 1.0). */
const RESERVED_ANNOTATIONS = [
  'internal.istio.io/webhook-always-reject',
  'internal.istio.io/parents',
  'internal.istio.io/parent-namespace',
]

/** Decodes and checks metadata as the Kubernetes API and Istio do for every kind (spec 1.0). */
export const decodeObjectMeta: Decode<ObjectMeta> = decoder(decodeFields.schema, (value, path, report) => {
  const fields = decodeFields(value, path, report)
  const { name, namespace, labels, annotations, creationTimestamp, resourceVersion, uid } = fields
  checkNames(name, namespace, path, report)
  for (const [key, label] of Object.entries(labels)) {
    if (!isLabelKey(key)) report.error([...path, 'labels', key], `invalid label key: ${JSON.stringify(key)}`)
    if (!/^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/.test(label)) {
      report.error([...path, 'labels', key], `invalid label value: ${JSON.stringify(label)}`)
    }
  }
  checkAnnotations(annotations, [...path, 'annotations'], report)
  return {
    name,
    labels,
    annotations,
    ...(namespace === '' ? {} : { namespace }),
    ...(creationTimestamp === '' ? {} : { creationTimestamp }),
    ...(resourceVersion === '' ? {} : { resourceVersion }),
    ...(uid === '' ? {} : { uid }),
    ...(isRecord(value) && typeof value.generation === 'number' ? { generation: value.generation } : {}),
  }
})

function checkNames(name: string, namespace: string, path: FieldPath, report: Report): void {
  const at = [...path, 'name']
  if (name === '') {
    if (!report.isBroken(at)) report.error(at, 'Required value: the object has no name')
  } else if (name.length > 253 || !SUBDOMAIN.test(name)) {
    report.error(
      at,
      `Invalid value: ${JSON.stringify(name)}: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    )
  }
  if (namespace !== '' && !(isDnsLabel(namespace) && namespace === namespace.toLowerCase())) {
    report.error(
      [...path, 'namespace'],
      `Invalid value: ${JSON.stringify(namespace)}: must be a lowercase RFC 1123 label`,
    )
  }
}

function checkAnnotations(annotations: Readonly<Record<string, string>>, path: FieldPath, report: Report): void {
  for (const name of RESERVED_ANNOTATIONS) {
    if (Object.hasOwn(annotations, name))
      report.error([...path, name], `annotation ${name} is Istio's own and cannot be set`)
  }
}
