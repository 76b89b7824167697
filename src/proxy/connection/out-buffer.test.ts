import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { OutBuffer } from './out-buffer.ts'

/** Keeps what it is sent, a string for each system call. */
class Sent {
  readonly calls: string[] = []

  send(bytes: Buffer, start: number, end: number): void {
    this.calls.push(bytes.toString('latin1', start, end))
  }

  sendText(text: string): void {
    this.calls.push(text)
  }
}

test('what one connection is written in a turn leaves in one piece, at the end of the turn', async () => {
  const out = new OutBuffer()
  const sent = new Sent()
  out.text(sent, 'head é ')
  out.bytes(sent, Buffer.from('..body..'), 2, 6)
  assert.deepEqual(sent.calls, [])
  await turn()
  assert.deepEqual(sent.calls, ['head é body'])
  out.text(sent, 'next')
  await turn()
  assert.deepEqual(sent.calls, ['head é body', 'next'])
})

test('a large piece goes at once, behind what was gathered for any connection', () => {
  const out = new OutBuffer()
  const calls: string[] = []
  const sentTo = (name: string) => ({
    send: (_bytes: Buffer, start: number, end: number) => calls.push(`${name} ${end - start}`),
    sendText: (text: string) => calls.push(`${name} ${text.length}`),
  })
  const [a, b] = [sentTo('a'), sentTo('b')]
  out.text(a, 'one')
  out.text(b, 'three')
  out.bytes(b, Buffer.alloc(20_000), 0, 20_000)
  assert.deepEqual(calls, ['a 3', 'b 5', 'b 20000'])
})

test('what has begun as text goes on in the buffer when it grows, and still leaves in one piece', async () => {
  const out = new OutBuffer()
  const sent = new Sent()
  const body = Buffer.alloc(3_000, 'b')
  out.text(sent, 'head ')
  out.bytes(sent, body, 0, 3_000)
  out.text(sent, ' tail')
  await turn()
  assert.deepEqual(sent.calls, [`head ${body} tail`])
})

test('when many connections are written to in a turn, the first ones are sent theirs before the last', () => {
  const out = new OutBuffer()
  const all = Array.from({ length: 100 }, () => new Sent())
  for (const sent of all) {
    out.text(sent, 'head, ')
    out.text(sent, 'body')
  }
  assert.deepEqual([all[0]?.calls, all[63]?.calls, all[99]?.calls], [['head, body'], ['head, body'], []])
  out.flush()
  assert.deepEqual(all[99]?.calls, ['head, body'])
})

test('whatever is written, each connection is sent all of it, once and in order', async () => {
  const piece = fc.record({
    to: fc.integer({ min: 0, max: 3 }),
    length: fc.oneof(
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: 1_500, max: 2_500 }),
      fc.integer({ min: 8_000, max: 40_000 }),
    ),
    text: fc.boolean(),
    flush: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
      const out = new OutBuffer()
      const sent = [new Sent(), new Sent(), new Sent(), new Sent()] as const
      const written = ['', '', '', '']
      for (const [i, { to, length, text, flush }] of pieces.entries()) {
        const content = String.fromCharCode(33 + (i % 90)).repeat(length)
        const outlet = sent[to] as Sent
        if (text) out.text(outlet, content)
        else out.bytes(outlet, Buffer.from(content), 0, length)
        written[to] += content
        if (flush) out.flush()
      }
      await turn()
      assert.deepEqual(
        sent.map(({ calls }) => calls.join('')),
        written,
      )
    }),
    { numRuns: 200 },
  )
})
