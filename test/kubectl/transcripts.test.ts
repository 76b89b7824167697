import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { VIEW_GROUP, workloadUser } from '#apiserver/auth/user.ts'
import { startMesh } from '#main/mesh.ts'
import { meshPlace } from '#main/mesh-place.ts'
import { ADMIN, startApiServer } from '#main/start-api-server.ts'
import { DIFFERENCES, DIFFERENCES_OF_MESH, type Differences } from './differences.ts'
import { normalise, play, readExpected, type Step, writeExpected } from './transcript.ts'

const VIEWER = { name: 'vera', groups: [VIEW_GROUP] }
const TRANSCRIPTS = fileURLToPath(new URL('transcripts/', import.meta.url))
const FETCH = fileURLToPath(new URL('../../tools/kubectl/fetch.mjs', import.meta.url))

/** The path of a real kubectl; undefined, and the test is skipped, where there is none to be had. */
function fetchedKubectl(t: TestContext, fetchOptions: readonly string[]): string | undefined {
  const fetched = spawnSync(process.execPath, [FETCH, ...fetchOptions], { encoding: 'utf8' })
  if (fetched.status === 0) return fetched.stdout.trim()
  t.skip(`there is no kubectl to be had here: ${fetched.stderr.trim()}`)
  return undefined
}

function scratch(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'postern-kubectl-'))
  t.after(() => rmSync(directory, { recursive: true }))
  return directory
}

/** Plays a transcript with a real kubectl against an API server of its own. */
async function replay(t: TestContext, name: string, fetchOptions: readonly string[]): Promise<void> {
  const kubectl = fetchedKubectl(t, fetchOptions)
  if (kubectl === undefined) return
  const directory = scratch(t)
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
  const played = await play(transcript, { kubectl, directory, env })
  if (process.env.UPDATE_TRANSCRIPTS === name) writeExpected(transcript, played)
  compare(played, readExpected(transcript), DIFFERENCES)
  assert.deepEqual(faults, [])
}

/** Every step as expected, or as the list of differences says; a difference that is none any more has to go from the list. */
function compare(played: readonly Step[], expected: readonly Step[], differences: Differences): void {
  assert.deepEqual(
    played.map(({ cmd }) => cmd),
    expected.map(({ cmd }) => cmd),
  )
  for (const [index, step] of expected.entries()) {
    const theirs = { ...step, stdout: normalise(step.stdout), stderr: normalise(step.stderr) }
    const difference = differences[step.cmd]
    if (difference !== undefined) assert.notDeepEqual(played[index], theirs, `${step.cmd} is no difference any more`)
    const { reason: _, ...ours } = difference ?? { reason: '' }
    assert.deepEqual(played[index], { ...theirs, ...ours })
  }
}

test('kubectl prints what it printed against a real API server that held the definitions of Istio', (t) =>
  replay(t, 'recorded', []))

test('kubectl prints the same against a whole mesh, and what the control plane says of the entries', async (t) => {
  const kubectl = fetchedKubectl(t, [])
  if (kubectl === undefined) return
  const directory = scratch(t)
  const place = meshPlace(join(directory, 'state'))
  const faults: string[] = []
  const mesh = await startMesh(place, undefined, (text) => faults.push(text))
  t.after(() => mesh.end())
  const transcript = join(TRANSCRIPTS, 'recorded')
  const played = await play(transcript, { kubectl, directory, env: { KUBECONFIG: place.kubeconfig } })
  compare(played, readExpected(transcript), DIFFERENCES_OF_MESH)
  assert.deepEqual(faults, [])
})

test('kubectl finds everything that its verbs need', (t) => replay(t, 'wide', []))

test('a kubectl of 2021 works too', (t) => replay(t, 'old', ['--old']))
