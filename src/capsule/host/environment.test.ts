import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { environmentInside } from './environment.ts'

const directory = mkdtempSync(join(tmpdir(), 'postern-environment-'))
const agent = join(directory, 'agent.sock')
const server = createServer()

before(() => new Promise<void>((resolve) => server.listen(agent, resolve)))
after(() => {
  server.close()
  rmSync(directory, { recursive: true, force: true })
})

test('variables that name a hidden socket are removed, others stay', () => {
  const env = {
    SSH_AUTH_SOCK: agent,
    DOCKER_HOST: `unix://${agent}`,
    BUS: `unix:path=${agent},guid=1`,
    TMUX: 'x',
    HOME: directory,
  }
  assert.deepEqual(environmentInside(env, [], undefined), { HOME: directory })
})

test('a shared socket keeps its variable', () => {
  assert.deepEqual(environmentInside({ SSH_AUTH_SOCK: agent }, [agent], undefined), { SSH_AUTH_SOCK: agent })
})

test('the run-time directory is named when there is one, and never otherwise', () => {
  const env = { XDG_RUNTIME_DIR: '/run/user/1000' }
  assert.deepEqual(environmentInside(env, [], '/run/user/1000'), env)
  assert.deepEqual(environmentInside(env, [], undefined), {})
})
