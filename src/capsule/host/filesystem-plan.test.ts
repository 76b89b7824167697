import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { HostView } from './filesystem-plan.ts'
import { readPathSockets } from './unix-sockets.ts'

const LOOKS = 1500

function scratch(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'host-view-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Opens and closes Unix sockets in a directory for as long as it lives. */
const CHURN = `
  const { createServer } = require('node:net')
  let made = 0
  const open = () => {
    const server = createServer()
    server.listen(require('node:worker_threads').workerData + '/' + made++, () => server.close(open))
  }
  for (let n = 0; n < 20; n++) open()
`

test('sockets that go away while they are looked at are passed over', async (context) => {
  const worker = new Worker(CHURN, { eval: true, workerData: scratch(context) })
  await new Promise((resolve) => worker.once('online', resolve))
  const host = new HostView({}, { sharedSockets: [] })
  let seen = 0
  try {
    for (let look = 0; look < LOOKS; look++) seen += host.newSockets(readPathSockets()).length
  } finally {
    // Before its directory goes.
    await worker.terminate()
  }
  assert.ok(seen > 0, 'none came and went')
})

test('a run-time directory that is the root hides nothing less', async (context) => {
  const directory = scratch(context)
  const path = join(directory, 'service.sock')
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(path, resolve))
  context.after(() => server.close())
  for (const XDG_RUNTIME_DIR of ['/', '//', '/.']) {
    const host = new HostView({ XDG_RUNTIME_DIR }, { sharedSockets: [] })
    assert.ok(host.newSockets(readPathSockets()).includes(path))
    const { readOnlyPaths, coveredDirectories } = host.plan([directory])
    assert.ok(readOnlyPaths.includes(directory) && coveredDirectories.includes('/run'))
  }
})

test('a socket is told once for as long as it lives', async (context) => {
  const path = join(scratch(context), 'service.sock')
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(path, resolve))
  context.after(() => server.close())
  const host = new HostView({}, { sharedSockets: [] })
  const told = () => host.newSockets(readPathSockets()).filter((one) => one === path)
  assert.deepEqual([told(), told()], [[path], []])
})

test('a socket that is shared by a link or by a relative path is not hidden', async (context) => {
  const directory = scratch(context)
  const path = join(directory, 'service.sock')
  symlinkSync('service.sock', join(directory, 'link'))
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(path, resolve))
  context.after(() => server.close())
  const isHidden = (shared: string): boolean =>
    new HostView({}, { sharedSockets: [shared] }).newSockets(readPathSockets()).includes(path)
  const names = [join(directory, 'other'), path, join(directory, 'link'), relative(process.cwd(), path)]
  assert.deepEqual(names.map(isHidden), [true, false, false, false])
})

test('a directory to hide is found behind the link that leads to it', (context) => {
  const directory = scratch(context)
  mkdirSync(join(directory, 'real'))
  symlinkSync('real', join(directory, 'link'))
  const host = new HostView({}, { sharedSockets: [], hiddenDirectories: [join(directory, 'link')] })
  const { coveredDirectories } = host.plan([])
  assert.ok(coveredDirectories.includes(join(directory, 'real')), coveredDirectories.join())
})
