import type { JsonObject, PrinterColumn } from '#api/kind.ts'
import { AGE_COLUMN } from '#api/printer-column.ts'
import { countColumn, NONE, textColumn, wide } from './columns.ts'
import { listAt, mapAt, numberAt, textAt, valueAt } from './object-fields.ts'

/** Columns of `kubectl get pods`. */
export const POD_COLUMNS: readonly PrinterColumn[] = [
  textColumn('Ready', 'How many of its containers are ready.', readyText),
  textColumn('Status', 'What the Pod does, or what keeps it from it.', statusText),
  countColumn('Restarts', 'How often its containers were started anew.', restartsOf),
  AGE_COLUMN,
  wide(textColumn('IP', 'Its address.', (pod) => textAt(pod, 'status', 'podIP') || NONE)),
  wide(textColumn('Node', 'The node that it runs on.', (pod) => textAt(pod, 'spec', 'nodeName') || NONE)),
  wide(
    textColumn(
      'Nominated Node',
      'The node on which room is made for it.',
      (pod) => textAt(pod, 'status', 'nominatedNodeName') || NONE,
    ),
  ),
  wide(textColumn('Readiness Gates', 'How many of its readiness gates hold.', gatesText)),
]

function readyText(pod: JsonObject): string {
  const sidecars = listAt(pod, 'spec', 'initContainers').filter((one) => one.restartPolicy === 'Always')
  const names = new Set(sidecars.map((one) => textAt(one, 'name')))
  const statuses = [
    ...listAt(pod, 'status', 'containerStatuses'),
    ...listAt(pod, 'status', 'initContainerStatuses').filter((one) => names.has(textAt(one, 'name'))),
  ]
  const ready = statuses.filter((one) => one.ready === true && valueAt(one, 'state', 'running') !== undefined)
  return `${ready.length}/${listAt(pod, 'spec', 'containers').length + sidecars.length}`
}

function restartsOf(pod: JsonObject): number {
  const statuses = listAt(pod, 'status', 'containerStatuses')
  return statuses.reduce((sum, one) => sum + (numberAt(one, 'restartCount') ?? 0), 0)
}

/** The phase, unless a container tells more. */
function statusText(pod: JsonObject): string {
  if (valueAt(pod, 'metadata', 'deletionTimestamp') !== undefined) return 'Terminating'
  const initializing = initText(pod)
  if (initializing !== undefined) return initializing
  const phase = textAt(pod, 'status', 'reason') || textAt(pod, 'status', 'phase') || 'Pending'
  const told = listAt(pod, 'status', 'containerStatuses').map(reasonOf)
  const reason = told.find((one) => one !== undefined)
  return reason === 'Completed' && phase === 'Running' && told.includes(undefined) ? 'Running' : (reason ?? phase)
}

/** What an init container that has not succeeded says, or how many have. */
function initText(pod: JsonObject): string | undefined {
  const statuses = listAt(pod, 'status', 'initContainerStatuses')
  const sidecars = listAt(pod, 'spec', 'initContainers').filter((one) => one.restartPolicy === 'Always')
  const pending = statuses.findIndex((one) => {
    if (sidecars.some((sidecar) => sidecar.name === one.name)) return one.started !== true
    return numberAt(one, 'state', 'terminated', 'exitCode') !== 0
  })
  if (pending < 0) return undefined
  const reason = reasonOf(statuses[pending]!)
  if (reason !== undefined && reason !== 'PodInitializing') return `Init:${reason}`
  return `Init:${pending}/${listAt(pod, 'spec', 'initContainers').length}`
}

function reasonOf(status: JsonObject): string | undefined {
  const waiting = textAt(status, 'state', 'waiting', 'reason')
  if (waiting !== '') return waiting
  if (valueAt(status, 'state', 'terminated') === undefined) return undefined
  const { reason, signal, exitCode } = mapAt(status, 'state', 'terminated')
  if (typeof reason === 'string' && reason !== '') return reason
  return typeof signal === 'number' && signal !== 0 ? `Signal:${signal}` : `ExitCode:${Number(exitCode ?? 0)}`
}

function gatesText(pod: JsonObject): string {
  const gates = listAt(pod, 'spec', 'readinessGates').map((gate) => textAt(gate, 'conditionType'))
  if (gates.length === 0) return NONE
  const conditions = listAt(pod, 'status', 'conditions')
  const held = gates.filter((type) => conditions.some((one) => one.type === type && one.status === 'True'))
  return `${held.length}/${gates.length}`
}
