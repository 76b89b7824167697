import type { AnalysisFinding } from './render/analysis.ts'

/** Whether `CODE=KIND NAME.NAMESPACE`, `CODE=KIND NAMESPACE/NAME` or `CODE` alone means a finding; `*` stands for any letters. */
export function suppresses(pattern: string, { code, kind, namespace, name }: AnalysisFinding): boolean {
  const equals = pattern.indexOf('=')
  const [wantedCode, target] = equals < 0 ? [pattern, '*'] : [pattern.slice(0, equals), pattern.slice(equals + 1)]
  if (!matches(wantedCode, code)) return false
  const names =
    namespace === '' ? [`${kind} ${name}`] : [`${kind} ${name}.${namespace}`, `${kind} ${namespace}/${name}`]
  return names.some((one) => matches(target, one))
}

function matches(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(text)
}
