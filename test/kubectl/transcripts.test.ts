import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { VIEW_GROUP, workloadUser } from '#apiserver/auth/user.ts'
import { ADMIN, startApiServer } from '#main/start-api-server.ts'
import { DIFFERENCES } from './differences.ts'
import { normalise, play, readExpected, type Step, writeExpected } from './transcript.ts'

const VIEWER = { name: 'vera', groups: [VIEW_GROUP] }
const TRANSCRIPTS = fileURLToPath(new URL('transcripts/', import.meta.url))
const FETCH = fileURLToPath(new URL('../../tools/kubectl/fetch.mjs', import.meta.url))

/** Plays a transcript with a real kubectl against an API server of its own. */
async function replay(t: TestContext, name: string, fetchOptions: readonly string[]): Promise<void> {
  const fetched = spawnSync(process.execPath, [FETCH, ...fetchOptions], { encoding: 'utf8' })
  if (fetched.status !== 0) return t.skip(`there is no kubectl to be had here: ${fetched.stderr.trim()}`)
  const directory = mkdtempSync(join(tmpdir(), 'postern-kubectl-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const faults: string[] = []
  const server = await startApiServer({
    stateDirectory: join(directory, 'state'),
    onFault: (text) => faults.push(text),
  })
  t.after(() => server.close())
  const write = (file: string, kubeconfig: string) => {
    const path = join(directory, file)
    writeFileSync(path, kubeconfig, { mode: 0o600 })
    return path
  }
  const env = {
    KUBECONFIG: write('admin', (await server.issue(ADMIN, 'certificate')).kubeconfig),
    VIEWER: write('viewer', (await server.issue(VIEWER, 'token')).kubeconfig),
    WORKLOAD: write('workload', (await server.issue(workloadUser('default', 'books'), 'certificate')).kubeconfig),
    SERVER: server.address,
  }
  const transcript = join(TRANSCRIPTS, name)
  const played = await play(transcript, { kubectl: fetched.stdout.trim(), directory, env })
  if (process.env.UPDATE_TRANSCRIPTS === name) writeExpected(transcript, played)
  compare(played, readExpected(transcript))
  assert.deepEqual(faults, [])
}

/** Every step as expected, or as the list of differences says; a difference that is none any more has to go from the list. */
function compare(played: readonly Step[], expected: readonly Step[]): void {
  assert.deepEqual(
    played.map(({ cmd }) => cmd),
    expected.map(({ cmd }) => cmd),
  )
  for (const [index, step] of expected.entries()) {
    const theirs = { ...step, stdout: normalise(step.stdout), stderr: normalise(step.stderr) }
    const difference = DIFFERENCES[step.cmd]
    if (difference !== undefined) assert.notDeepEqual(played[index], theirs, `${step.cmd} is no difference any more`)
    const { reason: _, ...ours } = difference ?? { reason: '' }
    assert.deepEqual(played[index], { ...theirs, ...ours })
  }
}

test('kubectl prints what it printed against a real API server that held the definitions of Istio', (t) =>
  replay(t, 'recorded', []))

test('kubectl finds everything that its verbs need', (t) => replay(t, 'wide', []))

test('a kubectl of 2021 works too', (t) => replay(t, 'old', ['--old']))
