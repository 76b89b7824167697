import type { Report } from '#api/schema/report.ts'
import { checkSelection } from '#api/workload-selection.ts'
import type { FieldPath } from '#kube/field-path.ts'
import { faultOfCelExpression } from './cel-expression.ts'
import type { CustomTag, Metrics, Telemetry, Tracing } from './telemetry.ts'

/** Istio's rules about a telemetry (spec 1.10), all faults at once. */
export function checkTelemetry({ spec }: Telemetry, report: Report): void {
  checkSelection(spec, 'telemetry', report)
  checkTracing(spec.tracing, report)
  for (const [index, one] of spec.metrics.entries()) checkMetrics(one, ['spec', 'metrics', index], report)
  for (const [index, { providers, filter }] of spec.accessLogging.entries()) {
    const at = ['spec', 'accessLogging', index]
    checkProviders(providers, at, report)
    if (filter !== undefined) {
      const path = [...at, 'filter', 'expression']
      report.fault(path, faultOfCelExpression(filter.expression))
    }
  }
}

function checkProviders(providers: readonly { readonly name: string }[], path: FieldPath, report: Report): void {
  for (const [index, { name }] of providers.entries()) {
    if (name === '') report.fault([...path, 'providers', index, 'name'], 'provider name must not be empty')
  }
}

function checkTracing(tracing: readonly Tracing[], report: Report): void {
  const path = ['spec', 'tracing']
  if (tracing.length > 1) report.fault(path, 'multiple tracing is not currently supported', 'warning')
  for (const [index, one] of tracing.entries()) {
    const at = [...path, index]
    checkProviders(one.providers, at, report)
    if (one.providers.length > 1) {
      report.fault([...at, 'providers'], 'multiple providers is not currently supported', 'warning')
    }
    const rate = one.randomSamplingPercentage ?? 0
    if (rate < 0 || rate > 100) {
      report.fault(
        [...at, 'randomSamplingPercentage'],
        `randomSamplingPercentage ${rate} must be in range [0.0, 100.0]`,
      )
    }
    for (const [name, tag] of Object.entries(one.customTags)) {
      report.fault([...at, 'customTags', name], name === '' ? 'tag name must not be empty' : faultOfTag(tag))
    }
  }
}

function faultOfTag({ kind, value }: CustomTag): string | undefined {
  if (kind === undefined) return 'a tag needs one of literal, environment, header, formatter'
  return value === '' ? `${kind} must not be empty` : undefined
}

function checkMetrics({ providers, overrides }: Metrics, path: FieldPath, report: Report): void {
  checkProviders(providers, path, report)
  for (const [index, { match, tagOverrides }] of overrides.entries()) {
    const at = [...path, 'overrides', index]
    if (match?.customMetric === '') report.fault([...at, 'match', 'customMetric'], 'customMetric must not be empty')
    for (const [name, { operation, value }] of Object.entries(tagOverrides)) {
      const tag = [...at, 'tagOverrides', name]
      if (name === '') report.fault(tag, 'tag name must not be empty')
      if (operation === 'UPSERT') {
        const fault =
          value === '' ? 'tagOverrides.value must be set when operation is UPSERT' : faultOfCelExpression(value)
        report.fault([...tag, 'value'], fault)
      } else if (value !== '') {
        report.fault([...tag, 'value'], 'tagOverrides.value may only be set when operation is UPSERT')
      }
    }
  }
}
