import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import type { KindDefinition } from '#api/kind.ts'
import { apiVersionOf } from '#api/kind.ts'
import { KINDS } from '#api/kinds.ts'
import { Report } from '#api/schema/report.ts'
import { formatPath } from '#kube/field-path.ts'

interface Case {
  readonly rule: string
  readonly spec: unknown
  readonly metadata?: object
  /** Parts of all messages there are, in order; none: valid without a warning. */
  readonly messages: readonly string[]
}

interface Table {
  readonly kind: string
  readonly cases: readonly Case[]
}

/** Every message about an object, as "LEVEL PATH: TEXT". */
function messagesOf(definition: KindDefinition, spec: unknown, metadata: object): readonly string[] {
  const apiVersion = apiVersionOf(definition, definition.versions[0])
  const report = new Report()
  definition.check({ apiVersion, kind: definition.kind, metadata: { name: 'a', ...metadata }, spec }, report)
  return report.findings.map(({ level, path, text }) => `${level} ${formatPath(path)}: ${text}`)
}

const folder = new URL('testdata/rules/', import.meta.url)

for (const file of readdirSync(folder)) {
  const { kind, cases } = parse(readFileSync(new URL(file, folder), 'utf8')) as Table
  const definition = KINDS.find((one) => one.kind === kind)!
  for (const { rule, spec, metadata, messages } of cases) {
    test(`${kind}: ${rule}`, () => {
      const actual = messagesOf(definition, spec, metadata ?? {})
      assert.equal(actual.length, messages.length, actual.join('\n'))
      for (const [index, part] of messages.entries())
        assert.ok(actual[index]?.includes(part), `${actual[index]} should say: ${part}`)
    })
  }
}
