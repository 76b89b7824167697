import type { JsonObject } from '#api/kind.ts'
import { AGE_COLUMN } from '#api/printer-column.ts'
import type { Report } from '#api/schema/report.ts'
import { countColumn, textColumn } from './columns.ts'
import { coreKind } from './core-kind.ts'
import { faultOfChoice, invalid } from './faults.ts'
import { CONDITIONS, flag, integer, intOrString, labelSelector, object, text } from './field-schema.ts'
import { mapAt, numberAt, textAt, valueAt, withDefaults, withFields } from './object-fields.ts'
import { prepareTemplate } from './pod-spec-defaults.ts'
import { POD_TEMPLATE } from './pod-spec-schema.ts'
import { checkSelectorUpdate, checkWorkload, WORKLOAD_COLUMNS } from './workload.ts'

const spec = object(
  'What is wanted.',
  {
    replicas: integer('How many Pods there are to be.', { default: 1 }),
    selector: labelSelector('How the Pods are found; never changes.'),
    template: POD_TEMPLATE,
    strategy: object(
      'How Pods of an old template give way to new ones.',
      {
        type: text('RollingUpdate, or Recreate to end the old ones first.'),
        rollingUpdate: object('With RollingUpdate.', {
          maxUnavailable: intOrString('How many Pods may be missing meanwhile, a number or a percentage.'),
          maxSurge: intOrString('How many more there may be meanwhile, a number or a percentage.'),
        }),
      },
      { 'x-kubernetes-patch-strategy': 'retainKeys' },
    ),
    minReadySeconds: integer('How long a Pod must have been ready to count as available.'),
    revisionHistoryLimit: integer('How many old ReplicaSets are kept.', { default: 10 }),
    progressDeadlineSeconds: integer('How long a roll-out may stand still before it counts as failed.', {
      default: 600,
    }),
    paused: flag('Whether changes wait.'),
  },
  { required: ['selector', 'template'] },
)

const status = object('What there is.', {
  observedGeneration: { type: 'integer', format: 'int64', description: 'The generation that this was told of.' },
  replicas: integer('Pods that there are.'),
  updatedReplicas: integer('Pods of the present template.'),
  readyReplicas: integer('Pods that are ready.'),
  availableReplicas: integer('Pods that have been ready long enough.'),
  unavailableReplicas: integer('Pods that are missing.'),
  terminatingReplicas: integer('Pods that are going.'),
  conditions: CONDITIONS,
  collisionCount: integer('How often the name of a ReplicaSet was taken.'),
})

export const DEPLOYMENT = coreKind({
  group: 'apps',
  kind: 'Deployment',
  plural: 'deployments',
  shortNames: ['deploy'],
  isInAll: true,
  description: 'Pods of one template, kept at a number and renewed when the template changes.',
  columns: [
    textColumn('Ready', 'How many of the wanted Pods are ready.', readyText),
    countColumn(
      'Up-to-date',
      'Pods of the present template.',
      (one) => numberAt(one, 'status', 'updatedReplicas') ?? 0,
    ),
    countColumn(
      'Available',
      'Pods that have been ready long enough.',
      (one) => numberAt(one, 'status', 'availableReplicas') ?? 0,
    ),
    AGE_COLUMN,
    ...WORKLOAD_COLUMNS,
  ],
  properties: { spec, status },
  required: ['spec'],
  prepare: (deployment) => withFields(deployment, { spec: prepareSpec(deployment.spec) }),
  check: checkDeployment,
  checkUpdate: checkSelectorUpdate,
})

function readyText(deployment: JsonObject): string {
  return `${numberAt(deployment, 'status', 'readyReplicas') ?? 0}/${numberAt(deployment, 'spec', 'replicas') ?? 1}`
}

function prepareSpec(given: unknown): unknown {
  const strategy = withDefaults(valueAt(given, 'strategy') ?? {}, { type: 'RollingUpdate' })
  const rolling = { maxUnavailable: '25%', maxSurge: '25%' }
  return withFields(given, {
    template: prepareTemplate(valueAt(given, 'template')),
    strategy:
      valueAt(strategy, 'type') === 'RollingUpdate'
        ? withFields(strategy, { rollingUpdate: withDefaults(valueAt(strategy, 'rollingUpdate') ?? {}, rolling) })
        : strategy,
  })
}

function checkDeployment(deployment: JsonObject, report: Report): void {
  checkWorkload(deployment, 'deployment', report)
  const at = ['spec', 'strategy']
  const strategy = mapAt(deployment, 'spec', 'strategy')
  const type = textAt(strategy, 'type') || 'RollingUpdate'
  report.fault([...at, 'type'], faultOfChoice(type, ['Recreate', 'RollingUpdate']))
  if (type === 'Recreate' && strategy.rollingUpdate !== undefined) {
    const text = "Forbidden: may not be specified when strategy `type` is 'Recreate'"
    report.fault([...at, 'rollingUpdate'], text)
  }
  const { maxUnavailable = '25%', maxSurge = '25%' } = mapAt(strategy, 'rollingUpdate')
  const amounts = Object.entries({ maxUnavailable, maxSurge })
  for (const [name, amount] of amounts) report.fault([...at, 'rollingUpdate', name], faultOfAmount(amount))
  if (amounts.every(([, amount]) => amount === 0 || amount === '0%')) {
    const text = invalid(maxUnavailable, 'may not be 0 when `maxSurge` is 0')
    report.fault([...at, 'rollingUpdate', 'maxUnavailable'], text)
  }
}

function faultOfAmount(amount: unknown): string | undefined {
  if (typeof amount === 'number') {
    return amount >= 0 ? undefined : invalid(amount, 'must be greater than or equal to 0')
  }
  if (typeof amount === 'string' && /^\d+%$/.test(amount)) return undefined
  return invalid(amount, 'must be an integer or a percentage such as 25%')
}
