import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { eventually, SealedShell, scratch, serviceEntry, startPostern } from './postern.ts'

const CODE = "curl -s -m 5 -o /dev/null -w '%{http_code}' "
const WIKIPEDIA = serviceEntry(
  'wikipedia-ext',
  'hosts: [www.wikipedia.org], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS',
)
const ECHO = serviceEntry(
  'echo',
  'hosts: [echo.example.com], addresses: [34.66.10.40], ports: [{number: 9000, name: tcp, protocol: TCP}], resolution: NONE',
)

/** Replaces a file in one step, as careful editors do. */
function replace(file: string, text: string): void {
  writeFileSync(`${file}.new~`, text)
  renameSync(`${file}.new~`, file)
}

test('a ServiceEntry that is added, changed and removed counts for a running program', async (context) => {
  const directory = scratch(context)
  const file = join(directory, 'wikipedia.yaml')
  const shell = new SealedShell(['-f', directory])
  const code = (): Promise<string> => shell.run(`${CODE} https://www.wikipedia.org/`)
  assert.equal(await code(), '000')
  replace(file, WIKIPEDIA)
  await eventually('the added entry', async () => (await code()) === '200')
  replace(file, WIKIPEDIA.replace('443', '444'))
  await eventually('the changed entry', async () => (await code()) === '000')
  replace(file, WIKIPEDIA)
  await eventually('the entry changed back', async () => (await code()) === '200')
  rmSync(file)
  await eventually('the removed entry', async () => (await code()) === '000')
  assert.equal((await shell.close()).code, 0)
})

test('a broken file keeps the last good configuration and says why', async (context) => {
  const directory = scratch(context)
  const file = join(directory, 'wikipedia.yaml')
  writeFileSync(file, WIKIPEDIA)
  const running = startPostern(['run', '-f', directory, '--', 'sh'], 'pipe')
  const code = async (): Promise<string> => {
    const start = running.stdout().length
    running.process.stdin?.write(`${CODE} https://www.wikipedia.org/; echo\n`)
    await eventually('an answer', () => running.stdout().indexOf('\n', start) !== -1)
    return running.stdout().slice(start).trim()
  }
  assert.equal(await code(), '200')
  for (const broken of [
    'spec: [',
    WIKIPEDIA.replace('443', '"no port"'),
    WIKIPEDIA.replace('www.wikipedia.org', '*'),
  ]) {
    const before = running.stderr().length
    replace(file, broken)
    await eventually(
      () => `the complaint about ${JSON.stringify(broken)}; what was said so far: ${running.stderr()}`,
      () => running.stderr().slice(before).includes('wikipedia.yaml'),
    )
    assert.equal(await code(), '200')
  }
  replace(file, WIKIPEDIA)
  assert.equal(await code(), '200')
  running.process.stdin?.end()
  assert.equal((await running.ended).code, 0)
})

/** Runs in the capsule: streams numbered blocks over 100 connections until told to stop, and checks every byte that returns. */
const STREAMS = `
  const net = require('node:net')
  const COUNT = 100, BLOCK = 8192
  let stopping = false, answered = 0, open = COUNT, bytes = 0, wrong = 0
  process.stdin.on('data', () => { stopping = true })
  for (let n = 0; n < COUNT; n++) {
    const socket = net.connect(9000, '34.66.10.40')
    let sent = 0, got = 0
    const byteAt = (i) => (i * 31 + n * 7 + (i >> 13)) & 255
    const send = () => {
      const block = Buffer.alloc(BLOCK)
      for (let i = 0; i < BLOCK; i++) block[i] = byteAt(sent + i)
      sent += BLOCK
      socket.write(block)
    }
    socket.on('connect', send)
    // A connection that the kernel has taken and the sidecar has not is none yet: what is established has answered.
    socket.once('data', () => { if (++answered === COUNT) console.log('streaming') })
    socket.on('data', (chunk) => {
      for (let i = 0; i < chunk.length; i++) if (chunk[i] !== byteAt(got + i)) wrong++
      got += chunk.length
      if (got < sent) return
      if (stopping) socket.end()
      else setTimeout(send, 20)
    })
    socket.on('error', (error) => { console.log('broken', n, error.code) })
    socket.on('close', () => {
      bytes += got
      if (got !== sent) console.log('short', n, got, sent)
      if (--open === 0) { console.log('wrong ' + wrong + ' bytes ' + (bytes > 100 * BLOCK ? 'many' : bytes)); process.exit() }
    })
  }
`

test('1,000 configuration changes under 100 live streams lose no byte', async (context) => {
  const directory = scratch(context)
  const program = join(directory, 'streams.cjs')
  const config = join(directory, 'config')
  mkdirSync(config)
  writeFileSync(program, STREAMS)
  writeFileSync(join(config, 'echo.yaml'), ECHO)
  const running = startPostern(['run', '-f', config, '--', 'node', program], 'pipe')
  await eventually('the streams', () => running.stdout().includes('streaming'))
  for (let change = 0; change < 1000; change += 1) {
    const others = change % 2 === 0 ? WIKIPEDIA : WIKIPEDIA.replace('443', String(1000 + change))
    // Every tenth change takes the streams' own entry away, or brings it back: what is established goes on.
    if (change % 10 === 0)
      replace(join(config, 'echo.yaml'), change % 20 === 0 ? WIKIPEDIA.replaceAll('wikipedia', 'other') : ECHO)
    replace(join(config, 'others.yaml'), others)
    await wait(5)
  }
  running.process.stdin?.end('stop')
  const outcome = await running.ended
  assert.equal(outcome.stdout.split('\n').slice(1).join('\n'), 'wrong 0 bytes many\n', outcome.stderr)
})
