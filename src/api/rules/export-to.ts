import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'
import { isDnsLabel } from './domain-name.ts'

/** exportTo of a service entry in `namespace` (spec 1.0): `.`, `*`, `~` or names of namespaces, none said twice. */
export function checkServiceEntryExportTo(
  exportTo: readonly string[],
  namespace: string,
  path: FieldPath,
  report: Report,
): void {
  checkEntries(exportTo, namespace, path, report)
  if (exportTo.length > 1 && exportTo.includes('~')) {
    report.error(path, 'cannot export service entry to no one (~) and someone')
  }
}

/** exportTo of other kinds: the same without `~`, which hides a service from everyone. */
export function checkExportTo(exportTo: readonly string[], namespace: string, path: FieldPath, report: Report): void {
  const hidden = exportTo.indexOf('~')
  if (hidden >= 0) {
    report.fault([...path, hidden], 'exportTo ~ (none) is not allowed for Istio configuration objects')
  }
  checkEntries(exportTo, namespace, path, report)
}

function checkEntries(exportTo: readonly string[], namespace: string, path: FieldPath, report: Report): void {
  const seen = new Set<string>()
  for (const [index, entry] of exportTo.entries()) {
    const at = [...path, index]
    if (report.isBroken(at)) continue
    const duplicate = faultOfDuplicate(entry, namespace, seen)
    if (duplicate !== undefined) report.error(at, duplicate)
    else if (!isVisibility(entry))
      report.error(at, `only .,*, or a valid DNS 1123 label is allowed as exportTo entry: ${JSON.stringify(entry)}`)
    seen.add(entry)
  }
  if (exportTo.length > 1 && seen.has('*')) {
    report.error(path, 'cannot have both public (*) and non-public exportTo values for a resource')
  }
}

/** `.` this namespace, `*` all, `~` none, or a namespace's name. */
export function isVisibility(entry: string): boolean {
  return entry === '.' || entry === '*' || entry === '~' || isDnsLabel(entry)
}

/** `.` stands for the own namespace, so those two say the same thing twice. */
function faultOfDuplicate(entry: string, namespace: string, seen: ReadonlySet<string>): string | undefined {
  const own = entry === '.' || entry === namespace
  if (!seen.has(entry) && !(own && (seen.has('.') || seen.has(namespace)))) return undefined
  const same = own && (entry === '.' || seen.has('.')) ? `: . and current namespace ${namespace}` : ''
  return same === ''
    ? `duplicate entries in exportTo for entry ${entry}`
    : `duplicate entries in exportTo${same} (duplicate entries in exportTo for entry ${entry})`
}
