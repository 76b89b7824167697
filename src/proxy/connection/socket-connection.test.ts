import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { connectionEnv, connectionPair, RecordingReader, readAll } from '#test/loopback.ts'

test('bytes arrive in order, and the peer gets what is written', async (t) => {
  const { connection, client } = await connectionPair(t)
  const reader = new RecordingReader()
  connection.setReader(reader)
  client.write('hello ')
  await reader.until(() => reader.chunks.length > 0)
  client.write('world')
  await reader.until(() => reader.bytes.length === 11)
  assert.equal(reader.bytes.toString(), 'hello world')
  assert.equal(connection.write(Buffer.from('answer')), true)
  const [answer] = await once(client, 'data')
  assert.equal(answer.toString(), 'answer')
})

test('after the peer half-closed, writing goes on until our own end', async (t) => {
  const { connection, client } = await connectionPair(t)
  const reader = new RecordingReader()
  connection.setReader(reader)
  const received = readAll(client)
  client.end('question')
  await reader.until(() => reader.ended)
  assert.equal(reader.bytes.toString(), 'question')
  connection.write(Buffer.from('late answer'))
  connection.end()
  assert.equal((await received).toString(), 'late answer')
  await reader.until(() => reader.closes.length > 0)
  assert.deepEqual(reader.closes, [undefined])
})

test('a paused connection delivers nothing until it is resumed, and then everything', async (t) => {
  const { connection, client } = await connectionPair(t)
  const reader = new RecordingReader()
  reader.goOn = false
  connection.setReader(reader)
  client.write('a')
  await reader.until(() => reader.chunks.length === 1)
  client.end('b')
  await turn()
  await turn()
  assert.equal(reader.bytes.toString(), 'a')
  assert.equal(reader.ended, false)
  reader.goOn = true
  connection.resume()
  await reader.until(() => reader.ended)
  assert.equal(reader.bytes.toString(), 'ab')
})

test('bytes that arrive before any reader, and bytes put back, come first and are not lost', async (t) => {
  const { connection, client } = await connectionPair(t)
  client.write('second')
  await turn()
  await turn()
  connection.unread(Buffer.from('first '))
  const reader = new RecordingReader()
  connection.setReader(reader)
  await reader.until(() => reader.bytes.length === 12)
  assert.equal(reader.bytes.toString(), 'first second')
})

test('a reader may hand over to another in the middle of a chunk, whatever it then answers', async (t) => {
  const { connection, client } = await connectionPair(t)
  const next = new RecordingReader()
  connection.setReader({
    onBytes(chunk) {
      connection.unread(chunk)
      connection.setReader(next)
      return false
    },
    onEnd() {},
    onClose() {},
    onDrain() {},
  })
  client.write('peeked at')
  await next.until(() => next.bytes.length === 9)
  client.write(', read on')
  await next.until(() => next.bytes.length === 18)
  assert.equal(next.bytes.toString(), 'peeked at, read on')
})

test('an end that came while inspecting is told to the next reader, after the bytes', async (t) => {
  const { connection, client } = await connectionPair(t)
  const inspector = new RecordingReader()
  connection.setReader(inspector)
  client.end('abc')
  await inspector.until(() => inspector.ended)
  const next = new RecordingReader()
  connection.unread(inspector.bytes)
  connection.setReader(next)
  assert.equal(next.bytes.toString(), 'abc')
  assert.equal(next.ended, true)
})

test('a write that the kernel cannot take says so, copies what is lent, and tells when it is done', async (t) => {
  const { connection, client } = await connectionPair(t)
  const reader = new RecordingReader()
  connection.setReader(reader)
  const sent = randomBytes(16 * 1024 * 1024)
  const lent = Buffer.from(sent)
  assert.equal(connection.write(lent), false)
  lent.fill(0)
  assert.equal(reader.drained, 0)
  connection.end()
  const received = await readAll(client)
  assert.ok(received.equals(sent))
})

test('drain is told once all bytes are with the kernel, in order with writes that waited', async (t) => {
  const { connection, client } = await connectionPair(t)
  const reader = new RecordingReader()
  connection.setReader(reader)
  const sent = randomBytes(8 * 1024 * 1024)
  connection.write(sent.subarray(0, 6_000_000))
  connection.write(sent.subarray(6_000_000, 7_000_000))
  const received = readAll(client)
  await reader.until(() => reader.drained > 0)
  connection.write(sent.subarray(7_000_000))
  connection.end()
  assert.ok((await received).equals(sent))
})

test('what the kernel takes at the second attempt does not wait for a drain', async (t) => {
  const { connection, client } = await connectionPair(t)
  const reader = new RecordingReader()
  connection.setReader(reader)
  const { writeSync } = fs
  t.mock.method(fs, 'writeSync', (fd: number, chunk: Buffer, start: number) => writeSync(fd, chunk, start, 5))
  syncBuiltinESMExports()
  t.after(() => {
    t.mock.restoreAll()
    syncBuiltinESMExports()
  })
  const went = connection.write(Buffer.from('12345, and the rest'))
  await turn()
  assert.ok(went || reader.drained > 0, 'write said to wait, and nothing came')
  connection.end()
  assert.equal((await readAll(client)).toString(), '12345, and the rest')
})

test('pieces gathered in a turn leave together at its end, long ones at once behind them', async (t) => {
  const { connection, client } = await connectionPair(t)
  const chunks: string[] = []
  client.on('data', (chunk) => chunks.push(chunk.toString('latin1')))
  connection.gatherText('head é ')
  connection.gather(Buffer.from('..body..'), 2, 6)
  await turn()
  while (chunks.length === 0) await turn()
  assert.deepEqual(chunks, ['head é body'])
  const received = readAll(client)
  const long = `${'ü'.repeat(20_000)}.`
  connection.gatherText('first ')
  assert.equal(connection.gatherText(long), true)
  connection.gatherText(' then ')
  connection.write(Buffer.from('written'))
  connection.gatherText(' last')
  connection.end()
  assert.equal((await received).toString('latin1'), `first ${long} then written last`)
})

test('text that the kernel cannot take says so, waits, and tells once when it is done', async (t) => {
  const { connection, client } = await connectionPair(t)
  const reader = new RecordingReader()
  connection.setReader(reader)
  const piece = 'p'.repeat(2_000)
  let written = 0
  while (!connection.blocked) {
    connection.gatherText(piece)
    written += piece.length
    await turn()
  }
  assert.equal(reader.drained, 0)
  const received = readAll(client)
  await reader.until(() => !connection.blocked)
  assert.equal(reader.drained, 1)
  connection.gatherText('end')
  connection.end()
  assert.equal((await received).toString(), `${'p'.repeat(written)}end`)
})

test('text that waits for a peer which resets ends the connection with the error, told once', async (t) => {
  const { connection, client } = await connectionPair(t)
  const reader = new RecordingReader()
  connection.setReader(reader)
  connection.pause()
  while (!connection.blocked) {
    connection.gatherText('p'.repeat(2_000))
    await turn()
  }
  client.resetAndDestroy()
  await reader.until(() => reader.closes.length > 0)
  assert.match((reader.closes[0] as NodeJS.ErrnoException).code ?? '', /^(ECONNRESET|EPIPE)$/)
  assert.equal(reader.drained, 0)
})

test('however it is written, each peer gets all of it, in order', async (t) => {
  const piece = fc.record({
    to: fc.nat(2),
    how: fc.constantFrom('write', 'gather', 'gatherText'),
    length: fc.oneof(fc.nat(2_500), fc.integer({ min: 8_000, max: 40_000 })),
    times: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 60 })),
    pause: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
      const env = connectionEnv(t)
      const pairs = await Promise.all([0, 1, 2].map(() => connectionPair(t, env)))
      const ends = pairs.map((pair) => ({ ...pair, reader: new RecordingReader(), written: [] as string[] }))
      for (const { connection, reader } of ends) connection.setReader(reader)
      for (const [i, { to, how, length, times, pause }] of pieces.entries()) {
        const { connection, written } = ends[to]!
        const content = String.fromCharCode(200 + (i % 50)).repeat(length)
        for (let n = 0; n < times; n += 1) {
          if (how === 'write') connection.write(Buffer.from(content, 'latin1'))
          else if (how === 'gather') connection.gather(Buffer.from(`-${content}-`, 'latin1'), 1, length + 1)
          else connection.gatherText(content)
          written.push(content)
        }
        if (pause) await turn()
      }
      for (const { connection, client, reader, written } of ends) {
        // The kernel holds a part of it, and nobody has read yet.
        const { blocked } = connection
        const received = readAll(client)
        if (blocked) await reader.until(() => reader.drained > 0)
        connection.end()
        // Equal or not: to print the difference would fill the screen.
        assert.ok((await received).equals(Buffer.from(written.join(''), 'latin1')))
        connection.destroy()
      }
    }),
    { numRuns: 40 },
  )
})

test('with a Node whose handles are others, what is gathered goes through the stream', async (t) => {
  const { connection, client } = await connectionPair(t)
  const received = readAll(client)
  const { _handle: handle } = connection.socket as unknown as { readonly _handle: object }
  Object.assign(handle, { writeLatin1String: undefined })
  connection.gatherText('ü'.repeat(1_000))
  await turn()
  connection.gatherText(' and more')
  connection.end()
  assert.equal((await received).toString('latin1'), `${'ü'.repeat(1_000)} and more`)
})

test('destroy with reset is seen by the peer as RST, destroy without as FIN', async (t) => {
  const first = await connectionPair(t)
  const reset = once(first.client, 'error')
  first.connection.destroy(true)
  assert.equal((await reset)[0].code, 'ECONNRESET')
  const second = await connectionPair(t)
  const ended = once(second.client, 'end')
  second.client.resume()
  second.connection.destroy()
  await ended
})

test('a reset by the peer is an ordinary end, told once with its error', async (t) => {
  const { connection, client } = await connectionPair(t)
  const reader = new RecordingReader()
  connection.setReader(reader)
  client.resetAndDestroy()
  await reader.until(() => reader.closes.length > 0)
  assert.equal((reader.closes[0] as NodeJS.ErrnoException).code, 'ECONNRESET')
  assert.equal(connection.closed, true)
  assert.equal(connection.write(Buffer.from('into the void')), true)
  connection.destroy(true)
  await turn()
  assert.equal(reader.closes.length, 1)
})

test('writing to a peer that has gone ends the connection, and no more', async (t) => {
  const { connection, client } = await connectionPair(t)
  const reader = new RecordingReader()
  connection.setReader(reader)
  connection.pause()
  client.resetAndDestroy()
  await turn()
  for (let i = 0; i < 5 && !connection.closed; i++) {
    connection.write(Buffer.from('anyone?'))
    await turn()
  }
  await reader.until(() => reader.closes.length > 0)
  assert.equal(reader.closes.length, 1)
})

test('a reader set after the connection closed learns of it', async (t) => {
  const { connection, client } = await connectionPair(t)
  const first = new RecordingReader()
  connection.setReader(first)
  client.resetAndDestroy()
  await first.until(() => first.closes.length > 0)
  const late = new RecordingReader()
  connection.setReader(late)
  assert.equal(late.closes.length, 1)
})

test('the idle timeout counts from the last byte in either direction', async (t) => {
  let nowMs = 0
  t.mock.timers.enable({ apis: ['setInterval'] })
  t.mock.method(performance, 'now', () => nowMs)
  const pass = (ms: number) => {
    nowMs += ms
    t.mock.timers.tick(ms)
  }
  const { connection, client } = await connectionPair(t)
  const reader = new RecordingReader()
  connection.setReader(reader)
  client.resume()
  let idle = false
  connection.setIdleTimeout(150, () => {
    idle = true
  })
  for (let i = 0; i < 6; i++) {
    pass(100)
    if (i % 2 === 0) connection.write(Buffer.from('x'))
    else {
      client.write('y')
      await reader.until(() => reader.bytes.length === (i + 1) / 2)
    }
  }
  assert.equal(idle, false)
  pass(200)
  assert.equal(idle, true)
})

test('two connections that share the read buffer never see each other', async (t) => {
  const first = await connectionPair(t)
  const second = await connectionPair(t)
  const readers = [new RecordingReader(), new RecordingReader()]
  first.connection.setReader(readers[0] as RecordingReader)
  second.connection.setReader(readers[1] as RecordingReader)
  for (let i = 0; i < 50; i++) {
    first.client.write('a'.repeat(1000))
    second.client.write('b'.repeat(1000))
  }
  await readers[0]?.until(() => readers[0]?.bytes.length === 50_000)
  await readers[1]?.until(() => readers[1]?.bytes.length === 50_000)
  assert.equal(readers[0]?.bytes.toString(), 'a'.repeat(50_000))
  assert.equal(readers[1]?.bytes.toString(), 'b'.repeat(50_000))
})
