import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { frameMessage, MessageReader } from './message-stream.ts'

const bytes = fc.uint8Array({ maxLength: 300 })

test('messages come out as they went in, however the stream was cut', () => {
  fc.assert(
    fc.property(
      fc.array(bytes, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
      (messages, cuts) => {
        const stream = Buffer.concat(messages.map((message) => frameMessage([message])))
        const reader = new MessageReader(300)
        const read: Uint8Array[] = []
        for (let offset = 0, cut = 0; offset < stream.length; cut++) {
          const length = cuts[cut % cuts.length] as number
          read.push(...reader.push(stream.subarray(offset, offset + length)))
          offset += length
        }
        assert.deepEqual(
          read.map((message) => [...message]),
          messages.map((message) => [...message]),
        )
      },
    ),
  )
})

test('arbitrary bytes make messages or a Fault, nothing else', () => {
  fc.assert(
    fc.property(fc.array(bytes), (chunks) => {
      const reader = new MessageReader(100)
      try {
        for (const chunk of chunks) for (const message of reader.push(chunk)) assert.ok(message.length <= 100)
      } catch (thrown) {
        assert.match((thrown as { code?: string }).code ?? '', /^xds\/grpc-/)
      }
    }),
  )
})

test('a message above the limit is refused by its announcement', () => {
  assert.throws(() => new MessageReader(10).push(Uint8Array.of(0, 0, 0, 0, 11)), {
    code: 'xds/grpc-message-too-large',
    message: 'message of 11 bytes exceeds the limit of 10 bytes',
  })
})
