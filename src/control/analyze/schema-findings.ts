import type { KindDefinition } from '#api/kind.ts'
import { KINDS } from '#api/kinds.ts'
import { Report } from '#api/schema/report.ts'
import type { Finding } from '#kube/message.ts'
import type { Json } from './json.ts'

/** What the rules of an object's kind find wrong with it by itself; nothing for kinds of Kubernetes, which analysis only looks things up in. */
export function findingsOf(object: Json): readonly Finding[] {
  const report = new Report()
  KINDS.find((kind) => !kind.isCore && isOf(kind, object))?.check(object, report)
  return report.findings
}

function isOf({ group, kind, versions }: KindDefinition, object: Json): boolean {
  return object.kind === kind && versions.some((version) => object.apiVersion === `${group}/${version}`)
}
