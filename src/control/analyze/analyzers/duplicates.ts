import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import { fullNameOf, type Subject } from '#control/analyze/subject.ts'

/** The same object written twice: the later one would replace the earlier. */
export const duplicates: Analyzer = {
  name: 'schema.DuplicateObjectAnalyzer',
  codes: ['EGR0011'],
  analyze(mesh: MeshObjects, tell: Tell) {
    const named = mesh.subjects.filter(({ name }) => name !== '')
    for (const [, same] of Map.groupBy(named, (one) => `${one.group}/${one.kind} ${fullNameOf(one)}`)) {
      const [first, ...later] = same
      for (const one of later) tell(one, 'EGR0011', `It is defined twice: ${placeOf(first!)} and ${placeOf(one)}.`)
    }
  },
}

function placeOf({ input }: Subject): string {
  return input.file === undefined ? 'live' : `${input.file}:${input.line ?? 1}`
}
