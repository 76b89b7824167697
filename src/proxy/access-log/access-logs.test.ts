import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { Fault } from '#base/fault.ts'
import type { AccessLogConfig } from '#proxy/config/model.ts'
import { StreamInfo } from '#proxy/connection/stream-info.ts'
import { AccessLogs } from './access-logs.ts'

describe('AccessLogs', () => {
  let folder: string
  let faults: Fault[]
  let logs: AccessLogs

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'postern-log-'))
    faults = []
    logs = new AccessLogs({ hostname: 'h', environment: {}, onFault: (fault) => faults.push(fault) })
  })
  afterEach(async () => {
    await logs.close()
    rmSync(folder, { recursive: true })
  })

  const to = (path: string, onlyFlags: string[] = []): AccessLogConfig => ({
    path,
    format: { kind: 'text', template: '%ROUTE_NAME%' },
    onlyFlags,
  })
  const route = (name: string, flags: string[] = []): StreamInfo => {
    const info = new StreamInfo(0, 0)
    info.routeName = name
    info.responseFlags = flags
    return info
  }

  it('appends whole lines in order, to a file that only its owner reads', async () => {
    const path = join(folder, 'access.log')
    const log = logs.logger([to(path)])
    for (let at = 0; at < 20_000; at += 1) log(route(`r${at}`))
    await logs.close()
    const lines = readFileSync(path, 'utf8').split('\n')
    assert.equal(lines.length, 20_001)
    assert.deepEqual([lines[0], lines[19_999], lines[20_000]], ['r0', 'r19999', ''])
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.deepEqual(faults, [])
  })

  it('keeps what is being written apart from what comes next', async () => {
    const path = join(folder, 'access.log')
    const log = logs.logger([to(path)])
    const names: string[] = []
    for (let round = 0; round < 60; round += 1) {
      // More than a batch holds.
      for (let at = 0; at < 400; at += 1) names.push(`${round}.${at}`.padEnd(900 + (at % 97), 'x'))
      for (const name of names.slice(-400)) log(route(name))
      // A slow disk is waited for: what it is too slow for is dropped.
      do await new Promise((resolve) => setTimeout(resolve, 5))
      while (statSync(path).size < (names.length - 800) * 900)
    }
    await logs.close()
    assert.equal(readFileSync(path, 'utf8'), names.map((name) => `${name}\n`).join(''))
    assert.deepEqual(faults, [])
  })

  it('writes to several logs, and to a filtered one only what has its flag', async () => {
    const log = logs.logger([to(join(folder, 'all')), to(join(folder, 'nr'), ['NR'])])
    log(route('plain'))
    log(route('unmatched', ['NR']))
    await logs.close()
    assert.equal(readFileSync(join(folder, 'all'), 'utf8'), 'plain\nunmatched\n')
    assert.equal(readFileSync(join(folder, 'nr'), 'utf8'), 'unmatched\n')
  })

  it('goes on at the beginning of a file that a rotation copied and emptied', async () => {
    const path = join(folder, 'access.log')
    const log = logs.logger([to(path)])
    log(route('before'))
    while (readFileSync(path, 'utf8') !== 'before\n') await new Promise((resolve) => setTimeout(resolve, 5))
    truncateSync(path)
    log(route('after'))
    await logs.close()
    assert.equal(readFileSync(path, 'utf8'), 'after\n')
  })

  it('counts and reports lines that a reader who does not read makes it lose, and does not hang', async () => {
    const path = join(folder, 'fifo')
    execFileSync('mkfifo', [path])
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const limits = { flushIntervalMs: 1, batchBytes: 1000, maxWaitingBytes: 100_000 }
    const slow = new AccessLogs({ hostname: '', environment: {}, limits, onFault: (fault) => faults.push(fault) })
    const log = slow.logger([to(path)])
    const sent = 10_000
    for (let at = 0; at < sent; at += 1) log(route('x'.repeat(99)))
    await slow.close()
    const received = readSync(reader, Buffer.alloc(1_000_000))
    closeSync(reader)
    assert.ok(slow.droppedLines > 0)
    assert.ok(received / 100 + slow.droppedLines >= sent - 1, `${received} bytes and ${slow.droppedLines} lines`)
    assert.deepEqual(
      faults.map((fault) => fault.code),
      ['proxy/access-log-dropped'],
    )
  })

  it('reports a file that it cannot open, and still writes the others', async () => {
    const log = logs.logger([to(join(folder, 'no/such/folder')), to(join(folder, 'good'))])
    log(route('line'))
    await logs.close()
    assert.equal(readFileSync(join(folder, 'good'), 'utf8'), 'line\n')
    assert.deepEqual(
      faults.map((fault) => fault.code),
      ['proxy/access-log-open'],
    )
  })

  it('refuses a format that does not compile', () => {
    const config: AccessLogConfig = {
      path: join(folder, 'x'),
      format: { kind: 'text', template: '%NOPE%' },
      onlyFlags: [],
    }
    assert.throws(() => logs.logger([config]), { code: 'proxy/access-log-format' })
  })
})
