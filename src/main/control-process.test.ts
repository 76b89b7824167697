import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { programPath } from '#base/program-path.ts'
import { ControlProcess } from './control-process.ts'
import type { ControlNews, ControlSettings } from './control-settings.ts'

const OVERRIDES = { policy: undefined, accessLogFile: undefined, accessLogEncoding: undefined }

/** A runtime directory of this test's own. */
function runtimeDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'runtime-'))
  const { XDG_RUNTIME_DIR } = process.env
  process.env.XDG_RUNTIME_DIR = directory
  context.after(() => {
    if (XDG_RUNTIME_DIR === undefined) delete process.env.XDG_RUNTIME_DIR
    else process.env.XDG_RUNTIME_DIR = XDG_RUNTIME_DIR
    rmSync(directory, { recursive: true, force: true })
  })
  return directory
}

function start(files: readonly string[] = []): ControlProcess {
  return new ControlProcess({ files, overrides: OVERRIDES }, () => undefined)
}

test('the directory of the socket is made by the process that removes it, and by no other', async (context) => {
  const runtime = runtimeDirectory(context)
  const control = start()
  // Who is killed now leaves nothing.
  assert.deepEqual(readdirSync(runtime), [])
  const directory = await control.directory
  assert.equal(dirname(control.socketPath), directory)
  assert.equal(statSync(directory).mode & 0o777, 0o700)
  await control.ready
  assert.deepEqual(readdirSync(directory), [basename(control.socketPath)])
  await control.close()
  assert.deepEqual(readdirSync(runtime), [])
})

test('what is ended before it served leaves nothing', async (context) => {
  const runtime = runtimeDirectory(context)
  const control = start()
  await control.close()
  assert.deepEqual(readdirSync(runtime), [])
})

test('a directory that others may enter is not used, and stays', async (context) => {
  runtimeDirectory(context)
  const control = start()
  const directory = dirname(control.socketPath)
  mkdirSync(directory, { mode: 0o755 })
  await assert.rejects(control.ready, { code: 'control/invalid-configuration', message: /is there already/ })
  await assert.rejects(control.directory)
  await control.close()
  assert.ok(existsSync(directory))
})

test('an unusable configuration is told of, and leaves nothing', async (context) => {
  const runtime = runtimeDirectory(context)
  const file = join(mkdtempSync(join(tmpdir(), 'broken-')), 'broken.yaml')
  context.after(() => rmSync(dirname(file), { recursive: true, force: true }))
  writeFileSync(file, 'kind: Nonsense\n')
  const control = start([file])
  await assert.rejects(control.ready, { code: 'control/invalid-configuration' })
  await control.close()
  assert.deepEqual(readdirSync(runtime), [])
})

test('a process that could not begin to serve ends with its run all the same, and cleans up', async (context) => {
  const runtime = runtimeDirectory(context)
  const directory = join(runtime, 'postern-test')
  // Longer than the kernel lets the path of a socket be.
  const settings: ControlSettings = { files: [], overrides: OVERRIDES, socketPath: join(directory, 'x'.repeat(200)) }
  const child = fork(programPath('main/control'), [JSON.stringify(settings)])
  context.after(() => child.kill('SIGKILL'))
  await new Promise<void>((resolve) =>
    child.on('message', (news: ControlNews) => {
      if (news.kind === 'invalid') resolve()
    }),
  )
  const ended = once(child, 'exit')
  child.disconnect()
  await ended
  assert.deepEqual(readdirSync(runtime), [])
})

test('a directory in which no socket can be made is passed over', async (context) => {
  const runtime = runtimeDirectory(context)
  const long = join(runtime, 'x'.repeat(100))
  mkdirSync(long)
  for (const directory of [long, join(runtime, 'missing'), 'relative']) {
    process.env.XDG_RUNTIME_DIR = directory
    const control = start([])
    await control.ready
    assert.ok(!control.socketPath.startsWith(directory))
    await control.close()
  }
})
