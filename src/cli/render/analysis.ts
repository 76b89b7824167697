import { stringify } from 'yaml'

/** What analysis found, as `control/analyze` tells it. */
export interface AnalysisFinding {
  readonly code: string
  readonly level: 'Error' | 'Warning' | 'Info'
  /** "" for cluster-scoped kinds. */
  readonly namespace: string
  readonly kind: string
  readonly name: string
  /** "VirtualService default/x" */
  readonly origin: string
  readonly message: string
  readonly file: string | undefined
  readonly line: number | undefined
  /** The other objects of a conflict, as origins. */
  readonly others: readonly string[]
}

/** Levels, the gravest first. */
export const ANALYSIS_LEVELS = ['Error', 'Warning', 'Info'] as const

/** Whether a finding is as grave as `threshold`, or more. */
export function reaches({ level }: Pick<AnalysisFinding, 'level'>, threshold: AnalysisFinding['level']): boolean {
  return ANALYSIS_LEVELS.indexOf(level) <= ANALYSIS_LEVELS.indexOf(threshold)
}

/** `Error [IST0101] (VirtualService default/x vs.yaml:12) Referenced host not found: "y"` (spec 8.1). */
export function analysisLine(finding: AnalysisFinding): string {
  const place = placeOf(finding)
  const origin = place === undefined ? finding.origin : `${finding.origin} ${place}`
  return `${finding.level} [${finding.code}] (${origin}) ${finding.message}`
}

/** `{"messages": [{code, level, origin, message, reference?}]}` as JSON or YAML; `reference` is FILE:LINE. */
export function renderAnalysis(findings: readonly AnalysisFinding[], format: 'json' | 'yaml'): string {
  const messages = findings.map((finding) => {
    const { code, level, origin, message } = finding
    const reference = placeOf(finding)
    return { code, level, origin, message, ...(reference === undefined ? {} : { reference }) }
  })
  return format === 'yaml' ? stringify({ messages }, { lineWidth: 0 }) : `${JSON.stringify({ messages }, null, 2)}\n`
}

function placeOf({ file, line }: AnalysisFinding): string | undefined {
  if (file === undefined) return undefined
  return line === undefined ? file : `${file}:${line}`
}
