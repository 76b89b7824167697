import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command } from 'commander'
import { addApiVerbs } from '#main/api-verbs.ts'
import { addCompletion } from '#main/completion-verb.ts'
import { addControl } from '#main/control-verb.ts'
import { addDoctor } from '#main/doctor-verb.ts'
import { addDocumentVerbs } from '#main/document-verbs.ts'
import { addInspectionVerbs } from '#main/inspection-verbs.ts'
import { addMesh } from '#main/mesh-verbs.ts'
import { addRun } from '#main/run-verb.ts'
import { addStateVerbs } from '#main/state-verbs.ts'
import { textOf } from './repository.ts'

async function verbs(): Promise<readonly Command[]> {
  const program = new Command('postern').enablePositionalOptions()
  for (const add of [
    addRun,
    addDocumentVerbs,
    addInspectionVerbs,
    addDoctor,
    addStateVerbs,
    addApiVerbs,
    addMesh,
    addControl,
    addCompletion,
  ])
    await add(program)
  return program.commands
}

/** What docs/cli.md says of a verb: its section, or its row in the table. */
function entryOf(verb: string): string {
  const page = textOf('docs/cli.md')
  const section = new RegExp(`^## postern ${verb}$([\\s\\S]*?)^## `, 'm').exec(page)
  return section?.[1] ?? page.split('\n').find((line) => line.startsWith(`| \`postern ${verb} `)) ?? ''
}

test('docs/cli.md names every option of every verb, and no option that a verb does not have', async () => {
  for (const verb of await verbs()) {
    const flags = verb.options.flatMap(({ short, long }) => [short, long].filter((flag) => flag !== undefined))
    const named = new Set(entryOf(verb.name()).match(/(?<=[`[ ])--?[A-Za-z][A-Za-z-]*/g))
    const missing = verb.options.filter(({ short, long }) => !named.has(long ?? '') && !named.has(short ?? ''))
    assert.deepEqual(
      missing.map(({ flags }) => flags),
      [],
      `${verb.name()}: not in docs/cli.md`,
    )
    assert.deepEqual(
      [...named].filter((flag) => !flags.includes(flag)),
      [],
      `${verb.name()}: only in docs/cli.md`,
    )
  }
})
