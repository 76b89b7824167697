import { AGE_COLUMN } from '#api/printer-column.ts'
import { countColumn } from './columns.ts'
import { coreKind } from './core-kind.ts'
import { CONDITIONS, integer, labelSelector, object } from './field-schema.ts'
import { numberAt, valueAt, withFields } from './object-fields.ts'
import { prepareTemplate } from './pod-spec-defaults.ts'
import { POD_TEMPLATE } from './pod-spec-schema.ts'
import { checkSelectorUpdate, checkWorkload, WORKLOAD_COLUMNS } from './workload.ts'

const spec = object(
  'What is wanted.',
  {
    replicas: integer('How many Pods there are to be.', { default: 1 }),
    minReadySeconds: integer('How long a Pod must have been ready to count as available.'),
    selector: labelSelector('How the Pods are found; never changes.'),
    template: POD_TEMPLATE,
  },
  { required: ['selector'] },
)

const status = object('What there is.', {
  observedGeneration: { type: 'integer', format: 'int64', description: 'The generation that this was told of.' },
  replicas: integer('Pods that there are.'),
  fullyLabeledReplicas: integer('Pods with all labels of the template.'),
  readyReplicas: integer('Pods that are ready.'),
  availableReplicas: integer('Pods that have been ready long enough.'),
  terminatingReplicas: integer('Pods that are going.'),
  conditions: CONDITIONS,
})

export const REPLICA_SET = coreKind({
  group: 'apps',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  shortNames: ['rs'],
  isInAll: true,
  description: 'Pods of one template, kept at a number.',
  columns: [
    countColumn('Desired', 'Pods that are wanted.', (one) => numberAt(one, 'spec', 'replicas') ?? 1),
    countColumn('Current', 'Pods that there are.', (one) => numberAt(one, 'status', 'replicas') ?? 0),
    countColumn('Ready', 'Pods that are ready.', (one) => numberAt(one, 'status', 'readyReplicas') ?? 0),
    AGE_COLUMN,
    ...WORKLOAD_COLUMNS,
  ],
  properties: { spec, status },
  required: ['spec'],
  selectableFields: ['status.replicas'],
  prepare: (set) =>
    withFields(set, { spec: withFields(set.spec, { template: prepareTemplate(valueAt(set, 'spec', 'template')) }) }),
  check: (set, report) => checkWorkload(set, 'replicaset', report),
  checkUpdate: checkSelectorUpdate,
})
