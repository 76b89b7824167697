import { getOwn, isJsonMap } from '#kube/json-value.ts'

/** The steps of a JSON pointer (RFC 6901), undefined when the text is none: "" is the root, "/a~1b" the key "a/b". */
export function parseJsonPointer(text: string): readonly string[] | undefined {
  if (text === '') return []
  if (!text.startsWith('/')) return undefined
  return text
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** The one of `places` places of a list that a step names; negative ones count from the end, as in Kubernetes. Undefined when it is none. */
export function listIndex(step: string, places: number): number | undefined {
  if (!/^-?(?:0|[1-9][0-9]{0,9})$/.test(step)) return undefined
  const index = Number(step) < 0 ? Number(step) + places : Number(step)
  return index >= 0 && index < places ? index : undefined
}

/** What stands at a step of a map or list; undefined when nothing does. */
export function childAt(container: unknown, step: string): { readonly value: unknown } | undefined {
  if (Array.isArray(container)) {
    const index = listIndex(step, container.length)
    return index === undefined ? undefined : { value: container[index] }
  }
  if (!isJsonMap(container) || !Object.hasOwn(container, step)) return undefined
  return { value: getOwn(container, step) }
}
