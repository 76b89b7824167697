import type { FieldPath } from '#kube/field-path.ts'
import { checkSelector } from './rules/label-map.ts'
import { described, list, mapOf, message, optional, string } from './schema/decode.ts'
import type { Report } from './schema/report.ts'

/** An object of the same namespace that a policy is attached to. */
export interface TargetRef {
  /** "" is the core group. */
  readonly group: string
  readonly kind: string
  readonly name: string
  readonly namespace: string
}

/** The workloads that a policy is about: those of its namespace unless it says more (spec 1.0). */
export interface WorkloadSelection {
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> } | undefined
  readonly targetRef: TargetRef | undefined
  readonly targetRefs: readonly TargetRef[]
}

const decodeTargetRef = message<TargetRef>({
  group: described('Group of the object; "" is that of Service.', string(253)),
  kind: described('Kind of the object.', string(63)),
  name: described('Name of the object.', string(253)),
  namespace: described('Must be empty: the object is in the namespace of this one.', string()),
})

/** The fields of a WorkloadSelection, for the spec of a kind. */
export const SELECTION_FIELDS = {
  selector: described(
    'Workloads with these labels; those of the whole namespace unless given.',
    optional(message({ matchLabels: described('Labels with their values.', mapOf(string(63), 4096)) })),
  ),
  targetRef: described('The object that this is attached to. Use targetRefs.', optional(decodeTargetRef)),
  targetRefs: described(
    'Objects that this is attached to, in place of a selector.',
    list(decodeTargetRef, { maxItems: 16 }),
  ),
}

const TARGETS: readonly string[] = [
  'core/Service',
  'networking.istio.io/ServiceEntry',
  'gateway.networking.k8s.io/Gateway',
  'gateway.networking.k8s.io/GatewayClass',
]

/** The rules about selectors and target references (spec 1.0); `kind` is named in the texts. */
export function checkSelection(selection: WorkloadSelection, kind: string, report: Report): void {
  const { selector, targetRef, targetRefs } = selection
  if (selector !== undefined) checkSelector(selector.matchLabels, kind, ['spec', 'selector', 'matchLabels'], report)
  const ways = [selector !== undefined, targetRef !== undefined, targetRefs.length > 0].filter(Boolean)
  if (ways.length > 1) report.fault(['spec'], 'only one of targetRefs or workloadSelector can be set')
  if (targetRef !== undefined) checkTargetRef(targetRef, ['spec', 'targetRef'], report)
  for (const [index, target] of targetRefs.entries()) checkTargetRef(target, ['spec', 'targetRefs', index], report)
}

function checkTargetRef(target: TargetRef, path: FieldPath, report: Report): void {
  if (target.name === '') report.fault([...path, 'name'], 'targetRef name must be set')
  if (target.namespace !== '') {
    const text = 'targetRef namespace must not be set; cross namespace references are not supported'
    report.fault([...path, 'namespace'], text)
  }
  const named = `${target.group === '' ? 'core' : target.group}/${target.kind}`
  if (!TARGETS.includes(named)) {
    report.fault([...path, 'kind'], `targetRef must be to one of ${TARGETS.join(', ')} but was ${named}`)
  }
}
