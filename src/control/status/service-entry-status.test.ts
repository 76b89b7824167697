import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Report } from '#api/schema/report.ts'
import { type StatusFacts, statusOf } from './service-entry-status.ts'

const NOW = new Date('2026-11-25T10:00:00.400Z')
const ref = (name: string) => ({ kind: 'ServiceEntry', namespace: 'default', name })

function facts(more: Partial<StatusFacts> = {}): StatusFacts {
  return {
    unapplied: new Report(),
    generation: 3,
    messages: [],
    rejections: [],
    waiting: [],
    proxies: 2,
    virtualIps: new Map(),
    ...more,
  }
}

function said(more: Partial<StatusFacts>, before?: unknown): readonly string[] {
  return statusOf(facts(more), before, NOW).conditions.map(
    ({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`,
  )
}

test('an entry of which all has effect, and that all proxies have, is accepted and enforced', () => {
  assert.deepEqual(said({}), [
    'Accepted=True Accepted: all of it has effect',
    'Enforced=True Acknowledged: every connected proxy that sees it has it',
  ])
})

test('an entry with errors is neither, and says what is wrong', () => {
  const error = { level: 'error', file: '', line: 1, column: 1, path: 'spec.hosts[0]', text: 'invalid host *' } as const
  const [accepted, enforced] = said({ messages: [error, { ...error, level: 'warning' }] })
  assert.equal(accepted, 'Accepted=False Invalid: spec.hosts[0]: invalid host *')
  assert.match(enforced ?? '', /^Enforced=False Invalid/)
})

test('what has no effect is told once for all proxies that it is so for, with the reason of the first', () => {
  const conflict = {
    code: 'listener-conflict',
    object: ref('b'),
    path: 'spec.ports[0]',
    message: 'a comes first',
    because: ref('a'),
  } as const
  const [accepted] = said({ rejections: [conflict, { ...conflict }, { ...conflict, path: 'spec.ports[1]' }] })
  assert.equal(accepted, 'Accepted=False ListenerConflict: spec.ports[0]: a comes first; spec.ports[1]: a comes first')
})

test('proxies that have not acknowledged it are named, and those that refused it go before', () => {
  const waiting = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => ({ name, refusal: undefined }))
  assert.equal(
    said({ waiting, proxies: 9 })[1],
    'Enforced=False Pending: 7 of 9 proxies have not acknowledged it: a, b, c, d, e and 2 more',
  )
  assert.equal(
    said({ waiting: [...waiting, { name: 'h', refusal: 'bad listener' }] })[1],
    'Enforced=False Refused: h refused it: bad listener',
  )
})

test('a condition keeps its time while its status stays, and always names the generation that it is about', () => {
  const first = statusOf(facts(), undefined, NOW)
  const later = statusOf(facts({ generation: 4, waiting: [{ name: 'a', refusal: undefined }] }), first, new Date(0))
  assert.deepEqual(
    later.conditions.map(({ lastTransitionTime, observedGeneration }) => [lastTransitionTime, observedGeneration]),
    [
      ['2026-11-25T10:00:00Z', 4],
      ['1970-01-01T00:00:00Z', 4],
    ],
  )
})

test('virtual IPs are listed by host, and the field goes when there are none', () => {
  const virtualIps = new Map([['db.example.com', { v4: '240.240.0.1', v6: '2001:2::f0f0:1' }]])
  assert.deepEqual(statusOf(facts({ virtualIps }), undefined, NOW).addresses, [
    { value: '240.240.0.1', host: 'db.example.com' },
    { value: '2001:2::f0f0:1', host: 'db.example.com' },
  ])
  assert.equal(statusOf(facts(), undefined, NOW).addresses, null)
})

test('conditions of other writers stay', () => {
  const other = { type: 'Reconciled', status: 'True', reason: 'Sure' }
  const { conditions } = statusOf(facts(), { conditions: [other, { type: 'Accepted', status: 'False' }] }, NOW)
  assert.deepEqual(conditions[0], other)
  assert.deepEqual(
    conditions.map(({ type }) => type),
    ['Reconciled', 'Accepted', 'Enforced'],
  )
})
