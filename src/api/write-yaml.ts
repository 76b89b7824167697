import { stringify } from 'yaml'

const OPTIONS = { version: '1.1', schema: 'yaml-1.1', lineWidth: 0, aliasDuplicateObjects: false } as const

/** Writes objects as YAML documents that every YAML reader takes for the same data: what any of them would not read as a string is quoted. */
export function writeYaml(objects: readonly object[]): string {
  return objects.map((object) => stringify(object, OPTIONS)).join('---\n')
}
