import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'

const QUALIFIED_NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const PREFIX = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/

/** Labels of a workload (spec 1.0): keys are `name` or `dns.prefix/name`, values empty or a name. */
export function checkLabels(labels: Readonly<Record<string, string>>, path: FieldPath, report: Report): void {
  for (const [key, value] of Object.entries(labels)) {
    if (!isLabelKey(key)) report.error([...path, key], `invalid tag key: ${JSON.stringify(key)}`)
    if (value !== '' && !QUALIFIED_NAME.test(value))
      report.error([...path, key], `invalid tag value: ${JSON.stringify(value)}`)
  }
}

/** The labels by which a selector picks workloads (spec 1.0, networking WorkloadSelector). */
export function checkSelectorLabels(labels: Readonly<Record<string, string>>, path: FieldPath, report: Report): void {
  for (const [key, value] of Object.entries(labels)) {
    const pair = JSON.stringify(`${key}=${value}`)
    if (key === '') report.error([...path, key], `empty key is not supported in selector: ${pair}`)
    if (key.includes('*') || value.includes('*')) {
      report.error([...path, key], `wildcard is not supported in selector: ${pair}`)
    }
  }
}

/** Labels that a selector lists, and a warning when it lists none and so selects all (spec 1.0, both WorkloadSelectors). */
export function checkSelector(
  labels: Readonly<Record<string, string>>,
  kind: string,
  path: FieldPath,
  report: Report,
): void {
  checkSelectorLabels(labels, path, report)
  if (Object.keys(labels).length > 0) return
  const text = `${kind}: workload selector specified without labels, will be applied to all services in namespace`
  report.fault(path.slice(0, -1), text, 'warning')
}

/** A qualified name of at most 63 characters, with or without a DNS prefix of at most 253 and a slash. */
export function isLabelKey(key: string): boolean {
  const slash = key.indexOf('/')
  const name = key.slice(slash + 1)
  if (slash >= 0 && (slash > 253 || !PREFIX.test(key.slice(0, slash)))) return false
  return name.length <= 63 && QUALIFIED_NAME.test(name)
}
