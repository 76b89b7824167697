import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { KubeClient } from '#kube/client/kube-client.ts'
import { loadKubeconfig } from '#kube/client/kubeconfig.ts'
import { ADMIN, startApiServer } from '#main/start-api-server.ts'
import { define } from './control.ts'
import { KubeApiServer } from './kube-apiserver.ts'
import { REQUESTS, type Request } from './requests.ts'

async function realServer(t: TestContext): Promise<KubeClient> {
  const server = new KubeApiServer()
  t.after(() => server.close())
  await server.start()
  await define(server)
  return new KubeClient(loadKubeconfig({ paths: [server.admin] }))
}

async function ownServer(t: TestContext): Promise<KubeClient> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-answers-'))
  const server = await startApiServer({ stateDirectory: directory, onFault: assert.fail })
  t.after(async () => {
    await server.close()
    rmSync(directory, { recursive: true })
  })
  return new KubeClient(loadKubeconfig({ text: server.kubeconfigOfProcess(ADMIN) }))
}

async function answer(
  client: KubeClient,
  { method, path, body, type = 'application/json' }: Request,
): Promise<unknown> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return plain(await client.raw(method, path, body === undefined ? {} : { body: text, contentType: type }))
}

const OF_THE_MOMENT = ['uid', 'resourceVersion', 'creationTimestamp', 'time']

/** Without what is another at each run, or says nothing. */
function plain(value: unknown, key = ''): unknown {
  if (OF_THE_MOMENT.includes(key)) return typeof value
  if (key === 'message') return String(value).replace(/, current: \d+/, '')
  if (Array.isArray(value)) return value.map((one) => plain(one))
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).map(([name, field]) => [name, plain(field, name)] as const)
  return Object.fromEntries(fields.filter(([, field]) => field !== undefined && field !== '' && !isEmpty(field)))
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

test('our API server answers as a real one does, but for what is known', { timeout: 170_000 }, async (t) => {
  const [real, own] = await Promise.all([realServer(t), ownServer(t)])
  t.after(() => {
    real.close()
    own.close()
  })
  for (const request of REQUESTS) {
    const [theirs, ours] = [await answer(real, request), await answer(own, request)]
    const name = `${request.method} ${request.path} ${JSON.stringify(request.body ?? '')}`
    if (request.differs === undefined) assert.deepEqual(ours, theirs, name)
    else assert.notDeepEqual(ours, theirs, `${name}: answered alike now, strike out why it is not`)
  }
})
