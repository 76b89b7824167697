import type { JsonObject } from '#api/kind.ts'
import { AGE_COLUMN } from '#api/printer-column.ts'
import { textColumn } from './columns.ts'
import { coreKind } from './core-kind.ts'
import { checkName, faultOfLabel } from './faults.ts'
import { CONDITIONS, object, text, textList } from './field-schema.ts'
import { textAt, valueAt, withDefaults, withFields } from './object-fields.ts'

/** The label by which selectors name a namespace; the server sees to it. */
const NAME_LABEL = 'kubernetes.io/metadata.name'

export const NAMESPACE = coreKind({
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  isClusterWide: true,
  description: 'A room for objects, in which names are unique.',
  columns: [
    textColumn('Status', 'Active, or Terminating while its objects are deleted.', (one) =>
      textAt(one, 'status', 'phase'),
    ),
    AGE_COLUMN,
  ],
  properties: {
    spec: object('What keeps the namespace.', {
      finalizers: textList('What has to be done before it may go; "kubernetes" is to empty it.'),
    }),
    status: object('What becomes of the namespace.', {
      phase: text('Active or Terminating.'),
      conditions: CONDITIONS,
    }),
  },
  selectableFields: ['status.phase'],
  prepare: prepareNamespace,
  check: (namespace, report) => checkName(namespace, faultOfLabel, report),
})

function prepareNamespace(namespace: JsonObject): JsonObject {
  const name = textAt(namespace, 'metadata', 'name')
  const metadata = valueAt(namespace, 'metadata')
  const labelled = withFields(metadata, {
    labels: withFields(valueAt(metadata, 'labels') ?? {}, { [NAME_LABEL]: name }),
  })
  // Who has emptied a namespace strikes the finalizer out: it must not come back.
  const goes = valueAt(metadata, 'deletionTimestamp') !== undefined
  return withFields(namespace, {
    metadata: name === '' ? metadata : labelled,
    spec: goes ? namespace.spec : withDefaults(namespace.spec ?? {}, { finalizers: ['kubernetes'] }),
    status: withDefaults(namespace.status ?? {}, { phase: 'Active' }),
  })
}
