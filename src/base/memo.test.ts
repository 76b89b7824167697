import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Memo } from './memo.ts'

test('what was made of the same inputs is not made again', () => {
  const memo = new Memo<object>()
  const [of, part] = [{}, {}]
  const first = memo.recall(of, 'r', ['a', part], () => ({}))
  assert.equal(
    memo.recall(of, 'r', ['a', part], () => ({})),
    first,
  )
  assert.notEqual(
    memo.recall(of, 'r', ['b', part], () => ({})),
    first,
  )
  assert.notEqual(
    memo.recall(of, 's', ['a', part], () => ({})),
    first,
  )
  assert.notEqual(
    memo.recall({}, 'r', ['a', part], () => ({})),
    first,
  )
})

test('of the answers about one object the oldest are forgotten', () => {
  const memo = new Memo<number>()
  const of = {}
  let made = 0
  const ask = (question: number) => memo.recall(of, 'r', [question], () => ++made)
  for (let question = 0; question < 100; question++) ask(question)
  ask(99)
  assert.equal(made, 100)
  ask(0)
  assert.equal(made, 101)
})
