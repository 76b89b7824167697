import { isDeepStrictEqual } from 'node:util'
import type { JsonObject, PrinterColumn } from '#api/kind.ts'
import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'
import { selectorText, textColumn, wide } from './columns.ts'
import { faultOfChoice, invalid } from './faults.ts'
import { listAt, mapAt, numberAt, textAt, textsAt, valueAt } from './object-fields.ts'
import { checkPodSpec } from './pod-spec-rules.ts'

/** What Deployments and ReplicaSets have in common: replicas of a template, found by a selector. */

/** The rules about replicas, selector and template; `owner` is the kind in lower case, for the texts. */
export function checkWorkload(object: JsonObject, owner: string, report: Report): void {
  for (const field of ['replicas', 'minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds']) {
    const value = numberAt(object, 'spec', field)
    if (value !== undefined && value < 0) {
      report.fault(['spec', field], invalid(value, 'must be greater than or equal to 0'))
    }
  }
  checkSelector(object, owner, report)
  const path = ['spec', 'template', 'spec']
  const template = mapAt(object, 'spec', 'template', 'spec')
  checkPodSpec(template, path, report)
  const restart = textAt(template, 'restartPolicy')
  if (restart !== '' && restart !== 'Always') {
    report.fault([...path, 'restartPolicy'], faultOfChoice(restart, ['Always']))
  }
}

function checkSelector(object: JsonObject, owner: string, report: Report): void {
  const at = ['spec', 'selector']
  if (valueAt(object, 'spec', 'selector') === undefined) {
    report.fault(at, 'Required value')
    return
  }
  const selector = mapAt(object, 'spec', 'selector')
  checkLabelSelector(selector, at, report)
  if (Object.keys(mapAt(selector, 'matchLabels')).length === 0 && listAt(selector, 'matchExpressions').length === 0) {
    report.fault(at, invalid(selector, `empty selector is invalid for ${owner}`))
    return
  }
  const labels = mapAt(object, 'spec', 'template', 'metadata', 'labels')
  if (!selects(selector, labels)) {
    const text = invalid(labels, '`selector` does not match template `labels`')
    report.fault(['spec', 'template', 'metadata', 'labels'], text)
  }
}

/** Each requirement of a label selector must make sense of its values. */
function checkLabelSelector(selector: JsonObject, path: FieldPath, report: Report): void {
  for (const [index, expression] of listAt(selector, 'matchExpressions').entries()) {
    const at = [...path, 'matchExpressions', index]
    const operator = textAt(expression, 'operator')
    const values = textsAt(expression, 'values')
    if (operator === 'In' || operator === 'NotIn') {
      const text = "Required value: must be specified when `operator` is 'In' or 'NotIn'"
      if (values.length === 0) report.fault([...at, 'values'], text)
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      const text = "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
      if (values.length > 0) report.fault([...at, 'values'], text)
    } else report.fault([...at, 'operator'], invalid(operator, 'not a valid selector operator'))
  }
}

/** Whether a label selector selects what has these labels. */
export function selects(selector: JsonObject, labels: JsonObject): boolean {
  const equal = Object.entries(mapAt(selector, 'matchLabels'))
  if (!equal.every(([key, value]) => valueAt(labels, key) === value)) return false
  return listAt(selector, 'matchExpressions').every((expression) => {
    const value = valueAt(labels, textAt(expression, 'key'))
    const values = textsAt(expression, 'values')
    switch (textAt(expression, 'operator')) {
      case 'In':
        return typeof value === 'string' && values.includes(value)
      case 'NotIn':
        return typeof value !== 'string' || !values.includes(value)
      case 'Exists':
        return value !== undefined
      case 'DoesNotExist':
        return value === undefined
      default:
        return false
    }
  })
}

/** Objects that were made by a selector would be lost to another one. */
export function checkSelectorUpdate(before: JsonObject, after: JsonObject, report: Report): void {
  const selector = valueAt(after, 'spec', 'selector')
  if (isDeepStrictEqual(valueAt(before, 'spec', 'selector'), selector)) return
  report.fault(['spec', 'selector'], invalid(selector ?? null, 'field is immutable'))
}

/** Columns that `-o wide` adds for workloads. */
export const WORKLOAD_COLUMNS: readonly PrinterColumn[] = [
  wide(textColumn('Containers', 'Names of the containers.', (object) => containersText(object, 'name'))),
  wide(textColumn('Images', 'Images of the containers.', (object) => containersText(object, 'image'))),
  wide(textColumn('Selector', 'How its Pods are found.', (object) => selectorText(mapAt(object, 'spec', 'selector')))),
]

function containersText(object: JsonObject, field: string): string {
  return listAt(object, 'spec', 'template', 'spec', 'containers')
    .map((container) => textAt(container, field))
    .join(',')
}
