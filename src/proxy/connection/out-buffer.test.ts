import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { OutBuffer } from './out-buffer.ts'

/** Says when it is flushed. */
function named(name: string, flushed: string[]) {
  return { flush: () => void flushed.push(name) }
}

test('who joins in a turn is flushed once, at the end of the turn, in the order of joining', async () => {
  const out = new OutBuffer()
  const flushed: string[] = []
  out.add(named('a', flushed))
  out.add(named('b', flushed))
  assert.equal(flushed.length, 0)
  await turn()
  assert.deepEqual(flushed, ['a', 'b'])
  out.add(named('c', flushed))
  await turn()
  assert.deepEqual(flushed, ['a', 'b', 'c'])
})

test('when many join in a turn, the first ones do not wait for the last', async () => {
  const out = new OutBuffer()
  const flushed: string[] = []
  const all = Array.from({ length: 150 }, (_, i) => `${i}`)
  for (const name of all) out.add(named(name, flushed))
  assert.deepEqual(flushed, all.slice(0, 128))
  await turn()
  assert.deepEqual(flushed, all)
})

test('the buffer is one sender at a time; whoever wants it makes the other send first', () => {
  const out = new OutBuffer()
  const sent: string[] = []
  const sender = (name: string) => ({
    flush: () => void sent.push(`${name} ${out.bytes.toString('latin1', 0, out.release())}`),
  })
  const [a, b] = [sender('a'), sender('b')]
  out.giveTo(a)
  out.write('head é')
  out.copy(Buffer.from('..body..'), 2, 6)
  assert.deepEqual([out.isHeldBy(a), out.isHeldBy(b), out.room], [true, false, 65536 - 10])
  out.giveTo(b)
  assert.deepEqual(sent, ['a head ébody'])
  assert.deepEqual([out.isHeldBy(a), out.isHeldBy(b), out.room], [false, true, 65536])
})
