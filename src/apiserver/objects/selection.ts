import type { JsonObject } from '#api/kind.ts'
import type { ListOptions } from '#kube/list-options.ts'
import { matchesFields, matchesLabels } from '#kube/selector.ts'

/** Which objects of a collection a client wants to see. */
export type Selection = Pick<ListOptions, 'labelSelector' | 'fieldSelector'>

export function selectsAll({ labelSelector, fieldSelector }: Selection): boolean {
  return labelSelector.length === 0 && fieldSelector.length === 0
}

export function selects({ labelSelector, fieldSelector }: Selection, object: JsonObject): boolean {
  const { labels } = object.metadata as { readonly labels?: Readonly<Record<string, unknown>> }
  return matchesLabels(labelSelector, labels) && matchesFields(fieldSelector, object)
}
