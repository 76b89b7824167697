import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import { listAt, stringsAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'

/** Namespaces that authorization policies name and that are not there; nothing is told where no namespace is known at all, as with files alone. */
export const policyNamespaces: Analyzer = {
  name: 'auth.AuthorizationPoliciesAnalyzer',
  codes: ['IST0101'],
  analyze(mesh: MeshObjects, tell: Tell) {
    const known = mesh.ofKind('Namespace').map(({ name }) => name)
    if (known.length === 0) return
    for (const policy of mesh.ofKind('AuthorizationPolicy')) {
      for (const [rule, { from }] of listAt(policy.spec, 'rules')
        .map((one) => ({ from: listAt(one, 'from') }))
        .entries()) {
        for (const [index, source] of from.entries()) {
          const names = [...stringsAt(source, 'source', 'namespaces'), ...stringsAt(source, 'source', 'notNamespaces')]
          for (const name of names.filter((one) => !known.some((other) => matches(one, other)))) {
            const path = ['spec', 'rules', rule, 'from', index, 'source']
            tell(policy, 'IST0101', `Referenced namespace not found: ${JSON.stringify(name)}`, { path })
          }
        }
      }
    }
  },
}

/** `x*` and `*x` as in all strings of a policy (spec 1.8). */
function matches(pattern: string, name: string): boolean {
  if (pattern.endsWith('*')) return name.startsWith(pattern.slice(0, -1))
  return pattern.startsWith('*') ? name.endsWith(pattern.slice(1)) : name === pattern
}
