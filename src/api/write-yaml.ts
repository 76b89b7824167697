import { stringify } from 'yaml'

/** Writes objects as YAML documents that every YAML reader takes for the same data: what any of them would not read as a string is quoted. */
export function writeYaml(objects: readonly object[]): string {
  return objects.map((object) => stringify(object, { version: '1.1', schema: 'yaml-1.1', lineWidth: 0 })).join('---\n')
}
