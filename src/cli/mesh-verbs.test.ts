import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command } from 'commander'
import type { MeshReport } from './mesh-report.ts'
import { addMeshVerbs } from './mesh-verbs.ts'

const REPORT: MeshReport = {
  pid: 7,
  version: '0.1.0',
  since: '2026-01-01T00:00:00Z',
  api: 'https://127.0.0.1:6443',
  kubeconfig: '/state/kubeconfig',
  state: '/state',
  log: '/state/mesh.log',
  revision: 3,
  residentMb: 100,
  proxies: [],
}

async function said(report: MeshReport | undefined, ...words: readonly string[]): Promise<string> {
  let text = ''
  const write = (piece: string) => (text += piece)
  const program = new Command('postern').exitOverride()
  addMeshVerbs(
    program,
    { stdout: { write }, stderr: { write } },
    {
      up: async () => report,
      down: async () => report !== undefined,
      report: async () => report,
      kubeconfig: () => REPORT.kubeconfig,
    },
  )
  await program.parseAsync(words, { from: 'user' })
  return text
}

test('a mesh that is up says how to use it and how to end it', async () => {
  const text = await said(REPORT, 'up')
  assert.match(text, /export KUBECONFIG=\/state\/kubeconfig\n/)
  assert.match(text, /postern run -- COMMAND\n/)
  assert.match(text, / postern down\n$/)
})

test('commands that are told of a mesh elsewhere mean that one, and none is told that does not find it', async () => {
  const text = await said(REPORT, 'up', '--state', 'elsewhere')
  assert.match(text, / postern down --state elsewhere\n$/)
  assert.doesNotMatch(text, /postern run/)
  assert.match(await said(undefined, 'status', '--state', 'elsewhere'), /postern up --state elsewhere\n$/)
})
