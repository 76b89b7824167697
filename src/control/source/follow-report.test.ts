import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Fault } from '#base/fault.ts'
import type { FollowState } from '#kube/client/informer.ts'
import { FollowReport } from './follow-report.ts'

function reporting(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const told: string[] = []
  const report = new FollowReport((text) => told.push(text))
  const follow = (plural: string, { isExpected = true, isEssential = true } = {}) =>
    report.of({ resource: { group: 'test.dev', version: 'v1', plural, namespaced: true }, isExpected, isEssential })
  const said = () => {
    t.mock.timers.tick(1_000)
    return told.splice(0)
  }
  return { report, follow, said }
}

const FOLLOWING: FollowState = { kind: 'following' }
const ABSENT: FollowState = { kind: 'absent' }
const UNREACHABLE: FollowState = { kind: 'failing', fault: new Fault('kube/unreachable', 'no server') }

function refused(code: number, message: string): FollowState {
  const refusal = { code, message, reason: '', details: undefined }
  return { kind: 'failing', fault: new Fault('kube/refused', message), refusal }
}

test('an outage is one sentence for however many resources, and one at its end; the next is told again', (t) => {
  const { report, follow, said } = reporting(t)
  const [widgets, gadgets] = [follow('widgets'), follow('gadgets', { isEssential: false })]
  report.synced()
  for (let outage = 0; outage < 2; outage++) {
    widgets(UNREACHABLE)
    assert.deepEqual(said(), ['no server; what was last known stays in force'])
    gadgets(UNREACHABLE)
    assert.deepEqual(said(), [])
    widgets(FOLLOWING)
    assert.deepEqual(said(), [])
    gadgets(FOLLOWING)
    assert.deepEqual(said(), ['the API is followed again'])
  }
})

test('what the server answers to whoever asks for whatever is one sentence too', (t) => {
  const { follow, said } = reporting(t)
  for (const name of ['widgets', 'gadgets']) follow(name)(refused(401, 'Unauthorized'))
  assert.deepEqual(said(), [
    'the API server does not answer what it is asked: Unauthorized (401); nothing is served before that',
  ])
})

test('what is over before anybody could read it is not told', (t) => {
  const { follow, said } = reporting(t)
  const widgets = follow('widgets')
  widgets(refused(403, 'forbidden'))
  widgets(ABSENT)
  widgets(FOLLOWING)
  assert.deepEqual(said(), [])
})

test('missing rights are told with what follows from them, resources together, and again after an outage', (t) => {
  const { report, follow, said } = reporting(t)
  const [widgets, gadgets, toys] = [follow('widgets'), follow('gadgets'), follow('toys', { isEssential: false })]
  for (const listener of [widgets, gadgets, toys]) listener(refused(403, 'forbidden'))
  assert.deepEqual(said(), [
    'widgets.test.dev cannot be followed: forbidden (403); nothing is served before they can be; likewise gadgets.test.dev',
    'toys.test.dev cannot be followed: forbidden (403); their statuses do not say what has no effect',
  ])
  report.synced()
  for (const listener of [widgets, gadgets, toys]) listener(UNREACHABLE)
  assert.deepEqual(said(), ['no server; what was last known stays in force'])
  gadgets(refused(403, 'forbidden'))
  assert.deepEqual(said(), [
    'gadgets.test.dev cannot be followed: forbidden (403); what was last known of them stays in force',
  ])
})

test('resources that are not there are told of where they are expected, and wherever they are taken away', (t) => {
  const { follow, said } = reporting(t)
  const [widgets, gadgets] = [follow('widgets'), follow('gadgets', { isExpected: false })]
  for (const listener of [widgets, gadgets]) listener(ABSENT)
  assert.deepEqual(said(), ['the API server does not have widgets.test.dev v1: followed as soon as they are defined'])
  for (const listener of [widgets, gadgets]) listener(FOLLOWING)
  assert.deepEqual(said(), ['the API server has widgets.test.dev v1 now: followed'])
  widgets(UNREACHABLE)
  said()
  for (const listener of [widgets, gadgets]) listener(ABSENT)
  assert.deepEqual(said(), [
    'the API server no longer has widgets.test.dev v1, gadgets.test.dev v1, so that none counts any more: followed as soon as they are defined',
    'the API is followed again',
  ])
})
