import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { ApiOutcome } from '#kube/client/outcome.ts'
import type { ApiObject, Resource } from '#kube/client/resource.ts'
import { StatusQueue } from './status-queue.ts'

const WIDGETS: Resource = { group: 'test.dev', version: 'v1', plural: 'widgets', namespaced: true }
const DONE = { kind: 'done', value: {} as ApiObject, warnings: [] } as const

function refused(code: number): ApiOutcome<ApiObject> {
  return { kind: 'refused', refusal: { code, reason: '', message: 'no', details: undefined }, warnings: [] }
}

/** A queue whose server gives these answers, one after the other, and then takes everything. */
function queue(t: TestContext, answers: (ApiOutcome<ApiObject> | Error)[]) {
  const written: string[] = []
  const said: string[] = []
  const patch = async (_: Resource, name: string, _namespace: unknown, _type: unknown, body: object) => {
    const answer = answers.shift() ?? DONE
    if (answer instanceof Error) throw answer
    if (answer.kind === 'done') written.push(`${name} ${JSON.stringify(body)}`)
    return answer
  }
  const statuses = new StatusQueue({ patch }, WIDGETS, (text) => said.push(text), 1)
  t.after(() => statuses.close())
  return { statuses, written, said }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2))
}

test('what is refused for now is written when it can be, and said once', async (t) => {
  for (const answer of [refused(403), refused(401), refused(500), refused(429), new Error('no')]) {
    const { statuses, written, said } = queue(t, [answer, answer])
    statuses.write({ namespace: 'ns', name: 'a' }, { ready: 1 })
    await until(() => written.length > 0)
    assert.deepEqual(written, ['a {"status":{"ready":1}}'])
    assert.equal(said.length, 2)
    assert.match(String(said[0]), /^statuses of widgets\.test\.dev are not written yet: no/)
    assert.equal(said[1], 'statuses of widgets.test.dev are written again')
  }
})

test('of an object that is gone nothing is said, and what the server will never take is said and let be', async (t) => {
  const { statuses, written, said } = queue(t, [refused(404), refused(422)])
  for (const name of ['gone', 'odd', 'good']) statuses.write({ namespace: 'ns', name }, {})
  await until(() => written.length > 0)
  assert.deepEqual(written, ['good {"status":{}}'])
  assert.deepEqual(said, ['the status of "ns/odd" of widgets.test.dev is not taken: no (422)'])
})

test('the newest status of an object is the one that is tried again', async (t) => {
  const { statuses, written } = queue(t, [refused(503)])
  statuses.write({ namespace: 'ns', name: 'a' }, { ready: 1 })
  statuses.write({ namespace: 'ns', name: 'a' }, { ready: 2 })
  await until(() => written.length > 0)
  assert.deepEqual(written, ['a {"status":{"ready":2}}'])
})
