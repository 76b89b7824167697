import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { type WatchFeed, WatchStream } from './watch-stream.ts'

/** A client that takes the first piece that it is sent, and no more. */
class Unread extends Writable {
  readonly pieces: string[] = []
  readonly errors: Error[] = []

  constructor() {
    super({ decodeStrings: false })
    this.on('error', (error) => this.errors.push(error))
  }

  override write(piece: unknown): boolean {
    this.pieces.push(String(piece))
    return super.write(piece)
  }

  override _write(): void {}
}

test('a watch whose end is not read is told nothing more, and is disconnected after a minute', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  const response = new Unread()
  const feed: WatchFeed = {
    initial: () => [],
    follow: (onLine) => {
      onLine('change', false)
      return () => {}
    },
    bookmark: () => 'bookmark',
    timeoutMs: 15_000,
  }
  const over = new WatchStream(response as unknown as ServerResponse, feed).run()
  t.mock.timers.tick(15_000)
  assert.equal(response.writableEnded, true)
  t.mock.timers.tick(59_999)
  assert.equal(response.destroyed, false)
  t.mock.timers.tick(1)
  await over
  assert.deepEqual(response.pieces, ['change\n', 'bookmark\n'])
  assert.deepEqual(response.errors, [])
})
