import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { backupStore, restoreStore } from '#apiserver/store/backup-store.ts'
import { openStore } from '#apiserver/store/open-store.ts'
import type { StoreEvent } from '#apiserver/store/store.ts'
import { bodyOf, HISTORY, keyOf } from './torture.ts'

const WRITER = join(import.meta.dirname, 'writer.ts')
const ALL = { group: 'torture', plural: 'things', namespace: undefined }
const ACKNOWLEDGED = 10_000
const MOST_LIVES = 100

interface Acknowledgement {
  readonly revision: number
  readonly name: string
  /** "-" for a deletion. */
  readonly number: string
}

/** One life of a writer: what it had acknowledged when it was killed, at some moment after `enough` lines. */
function life(directory: string, first: number, enough: number): Promise<readonly Acknowledgement[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--no-warnings', WRITER, directory, String(first)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    let lines = 0
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      lines += chunk.split('\n').length - 1
      if (lines >= enough) setTimeout(() => child.kill('SIGKILL'), Math.random() * 8)
    })
    child.on('error', reject)
    child.on('close', (_code, signal) => {
      if (signal !== 'SIGKILL') return reject(new Error('the writer ended by itself'))
      const whole = text.slice(0, text.lastIndexOf('\n') + 1).trimEnd()
      resolve(
        whole.split('\n').map((line) => {
          const [revision = '', name = '', number = ''] = line.split(' ')
          return { revision: Number(revision), name, number }
        }),
      )
    })
  })
}

function assertWhole({ object, kind }: StoreEvent): void {
  const { number, body } = object.value as { number: number; body: string }
  if (kind === 'put') assert.equal(body, bodyOf(number), `revision ${object.revision} is half of something`)
}

test('ten thousand acknowledged writes outlive writers that are killed', { timeout: 120_000 }, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'postern-torture-'))
  t.after(() => rmSync(root, { recursive: true }))
  const directory = join(root, 'store')
  const objects = new Map<string, StoreEvent>()
  let revision = 0
  let acknowledged = 0
  for (let lives = 0; acknowledged < ACKNOWLEDGED; lives++) {
    assert.ok(lives < MOST_LIVES, `${acknowledged} acknowledged in ${lives} lives`)
    const acks = await life(directory, 1 + lives * 1_000_000, Math.floor(Math.random() * 1200))
    const store = openStore({ directory, history: HISTORY })
    const events: StoreEvent[] = []
    store.watch(ALL, revision, (event) => events.push(event))
    for (const [index, event] of events.entries()) {
      assert.equal(event.object.revision, revision + index + 1, 'revisions follow one another')
      assertWhole(event)
      objects.set(event.object.key.name, event)
    }
    let last = revision
    for (const { revision: at, name, number } of acks) {
      assert.ok(at > last, `revision ${at} was acknowledged after ${last}`)
      last = at
      const event = events[at - revision - 1]
      assert.deepEqual(event?.object.key, keyOf(Number(name)), `revision ${at} is lost`)
      assert.equal(event.kind === 'put' ? String(event.object.value.number) : '-', number)
    }
    const expected = [...objects.values()].filter(({ kind }) => kind === 'put').map(({ object }) => object)
    const byName = (a: { key: { name: string } }, b: { key: { name: string } }) => (a.key.name < b.key.name ? -1 : 1)
    assert.deepEqual(store.list(ALL).objects, expected.sort(byName))
    revision = store.revision
    acknowledged += acks.length
    await store.close()
  }
})

test('a store whose first opening is killed can be opened', { timeout: 60_000 }, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'postern-torture-'))
  t.after(() => rmSync(root, { recursive: true }))
  for (let n = 0; n < 8; n++) {
    const directory = join(root, String(n))
    const writer = spawn(process.execPath, ['--no-warnings', WRITER, directory, '1'], { stdio: 'ignore' })
    const ended = once(writer, 'close')
    // From the first file that it makes on, a little later each time.
    for (let turns = 0; !existsSync(directory) && turns < 10_000; turns++) await wait(1)
    await wait(n * 3)
    writer.kill('SIGKILL')
    await ended
    await openStore({ directory, history: HISTORY }).close()
  }
})

test('backups of a store that is being written show one of its states', { timeout: 60_000 }, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'postern-torture-'))
  t.after(() => rmSync(root, { recursive: true }))
  const directory = join(root, 'store')
  const writer = spawn(process.execPath, ['--no-warnings', WRITER, directory, '1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(writer, 'close')
  let text = ''
  writer.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  try {
    for (let n = 0; n < 6; n++) {
      // Waits for more than was there: an acknowledgement that is read before the backup begins must be in it.
      await once(writer.stdout, 'data')
      const acknowledged = Number(/(?:^|\n)(\d+) \d+ \S+\n[^\n]*$/.exec(text)?.[1])
      const file = join(root, `${n}.db`)
      const { revision } = backupStore(directory, file)
      assert.ok(revision >= acknowledged, `${revision} after ${acknowledged}`)
      const copy = join(root, String(n))
      restoreStore(file, copy, false)
      const store = openStore({ directory: copy })
      for (const object of store.list(ALL).objects) assertWhole({ kind: 'put', object, before: undefined })
      await store.close()
    }
  } finally {
    writer.kill('SIGKILL')
    await ended
  }
})
