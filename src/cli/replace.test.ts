import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Command } from 'commander'
import type { ApiObject } from '#kube/client/resource.ts'
import type { ApiConnection } from './api-connection.ts'
import { addReplaceVerb } from './replace.ts'

const ENTRY = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a, namespace: default REVISION}
spec: {hosts: [a.example], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS}
`

/** Runs the verb against an API in which somebody else writes a status after each of the first `busyReads` reads. */
async function replace(t: TestContext, busyReads: number, revision = '') {
  const directory = mkdtempSync(join(tmpdir(), 'postern-replace-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'entry.yaml')
  writeFileSync(file, ENTRY.replace(' REVISION', revision))
  let [now, reads] = [1, 0]
  const metadataOf = (resourceVersion: string) => ({ metadata: { name: 'a', namespace: 'default', resourceVersion } })
  const client = {
    namespace: 'default',
    get: async () => {
      const value = metadataOf(String(now))
      reads += 1
      if (reads <= busyReads) now += 1
      return { kind: 'done', value, warnings: [] }
    },
    replace: async (_: unknown, object: ApiObject) => {
      if (object.metadata.resourceVersion === String(now))
        return { kind: 'done', value: metadataOf('99'), warnings: [] }
      return { kind: 'refused', refusal: { code: 409, reason: 'Conflict', message: 'it was modified' }, warnings: [] }
    },
  }
  const resource = { group: 'networking.istio.io', version: 'v1', plural: 'serviceentries', namespaced: true }
  const discover = async () => ({ ofKind: () => resource })
  let [stdout, stderr] = ['', '']
  const io = {
    exitCode: 0,
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
  }
  const program = new Command()
  addReplaceVerb(program, io as never, () => ({ client, discover }) as unknown as ApiConnection)
  await program.parseAsync(['node', 'postern', 'replace', '-f', file])
  return { reads, stdout, stderr, exitCode: io.exitCode }
}

test('an object whose status is written between reading and writing it is read again', async (t) => {
  const { reads, stdout, exitCode } = await replace(t, 3)
  assert.deepEqual([reads, exitCode], [4, 0])
  assert.equal(stdout, 'Updated config service-entry/default/a to revision 99\n')
})

test('it is given up when the object never stands still', async (t) => {
  const { reads, stderr, exitCode } = await replace(t, 1000)
  assert.deepEqual([reads, exitCode], [10, 255])
  assert.equal(stderr, 'Error: it was modified\n')
})

test('a revision in the file must be the current one', async (t) => {
  const { reads, stderr, exitCode } = await replace(t, 0, ', resourceVersion: "7"')
  assert.deepEqual([reads, exitCode, stderr], [0, 255, 'Error: it was modified\n'])
})
