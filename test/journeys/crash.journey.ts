import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventually, scratch, startPostern, worldLog } from './postern.ts'

const POSTERN = join(import.meta.dirname, '..', '..', 'bin', 'postern')

/** Processes, living ones only, that carry `mark` in their environment or arguments. */
function processesWith(mark: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const state = /\) ([A-Z])/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]
        const given = ['environ', 'cmdline'].map((name) => readFileSync(`/proc/${pid}/${name}`, 'utf8')).join('')
        return state !== 'Z' && given.includes(mark)
      } catch {
        return false
      }
    })
}

/** "" for one that has just ended. */
function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

function networkNamespace(pid: number | 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`)
  } catch {
    return undefined
  }
}

test('kill -9 of the sidecar: nothing leaves afterwards and nothing is left behind', async (context) => {
  // The control process has it in its arguments, the others in their environment.
  const mark = scratch(context)
  const calls = 'while :; do curl -s -m 1 -o /dev/null http://drop.example.net/; sleep 0.05; done'
  const args = ['run', '--policy', 'ALLOW_ANY', '--', 'sh', '-c', calls]
  const running = startPostern(args, '', undefined, { ...process.env, XDG_RUNTIME_DIR: mark })
  await eventually('the first call', () => worldLog('arrivals', '203.0.113.66:80').length > 0)
  assert.ok(processesWith(mark).some((pid) => networkNamespace(pid) !== networkNamespace('self')))
  running.process.kill('SIGKILL')
  await running.ended
  await eventually('every process of the run to end', () => processesWith(mark).length === 0, 5000)
  const after = worldLog('arrivals', '203.0.113.66:80').length
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.equal(worldLog('arrivals', '203.0.113.66:80').length, after)
})

test('kill -9 at any moment leaves nothing behind', async (context) => {
  for (const afterMs of [0, 20, 40, 80, 120, 160, 240, 320]) {
    const runtime = scratch(context)
    const env = { ...process.env, XDG_RUNTIME_DIR: runtime }
    const running = startPostern(['run', '--', 'sleep', '60'], '', undefined, env)
    await new Promise((resolve) => setTimeout(resolve, afterMs))
    running.process.kill('SIGKILL')
    assert.equal((await running.ended).stderr, '')
    await eventually('every process of the run to end', () => processesWith(runtime).length === 0, 5000)
    assert.deepEqual(readdirSync(runtime), [])
  }
})

/** The process that hides late sockets, of the run whose PATH ends with `mark`. */
function wardenOf(mark: string): number {
  const isWarden = (pid: number) => commandLineOf(pid).startsWith('sh\0-c\0trap')
  const warden = processesWith(mark).find(isWarden)
  assert.ok(warden !== undefined, 'there is no warden')
  return warden
}

test('kill -9 of the warden ends the program, which would be less sealed from then on', async () => {
  const mark = `/warden-${process.pid}`
  const env = { ...process.env, PATH: `${process.env.PATH}:${mark}` }
  const running = startPostern(['run', '--', 'sh', '-c', 'echo ready; sleep 60; echo survived'], '', undefined, env)
  await eventually('the program', () => running.stdout().includes('ready'))
  process.kill(wardenOf(mark), 'SIGKILL')
  const { code, stdout, stderr } = await running.ended
  assert.deepEqual([code, stdout], [125, 'ready\n'])
  assert.match(stderr, /^postern: the process that hides Unix sockets .* was ended, and the command with it$/m)
  await eventually('every process of the run to end', () => processesWith(mark).length === 0, 5000)
})

const PASSED = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const

test('a signal to the whole process group, as timeout sends it, ends the program alone, which has its time to finish', async () => {
  const inner =
    "trap 'sleep 1; echo finished; exit 5' TERM HUP INT QUIT USR1 USR2; echo ready; while :; do sleep 0.1; done"
  for (const signal of PASSED) {
    const run = spawn(POSTERN, ['run', '--', 'sh', '-c', inner], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    let printed = ''
    let said = ''
    run.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    run.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      if (printed === 'ready\n') process.kill(-(run.pid as number), signal)
    })
    const [code] = await once(run, 'close')
    // The shell may tell which signal ended its sleep.
    assert.deepEqual([signal, code, printed], [signal, 5, 'ready\nfinished\n'], said)
    assert.doesNotMatch(said, /postern|Debugger/, signal)
  }
})

test('a command that leaves a process in the background leaves none behind', async () => {
  const mark = `JOURNEY_MARK=orphan-${process.pid}-${Date.now()}`
  const [name, value] = mark.split('=') as [string, string]
  process.env[name] = value
  const running = startPostern([
    'run',
    '--',
    'sh',
    '-c',
    '(trap "" TERM HUP; setsid sleep 300) >/dev/null 2>&1 & echo started',
  ])
  delete process.env[name]
  const outcome = await running.ended
  assert.equal(outcome.stdout, 'started\n')
  assert.equal(outcome.code, 0)
  await eventually('the background process to end', () => processesWith(mark).length === 0, 5000)
})

test('a control process that dies finds again what could be read once: standard input, and a pipe of the shell', async (context) => {
  const runtime = scratch(context)
  const call = (host: string) => `$(curl -s -o /dev/null -w "%{http_code}" http://${host}/status/204)`
  const calls = `while :; do echo "${call('httpbin.org')} ${call('drop.example.net')}"; done`
  const allow = (host: string) => `"$0" allow ${host}:80`
  const script = `${allow('httpbin.org')} | exec "$0" run -f - -f <(${allow('unknown.example.net')}) -- sh -c '${calls}'`
  const env = { ...process.env, XDG_RUNTIME_DIR: runtime }
  const run = spawn('bash', ['-c', script, POSTERN], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  context.after(() => process.kill(-(run.pid as number), 'SIGTERM'))
  let lines: string[] = []
  run.stdout.setEncoding('utf8').on('data', (text: string) => {
    lines.push(...text.trim().split('\n'))
  })
  let said = ''
  run.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const control = () => processesWith(runtime).find((pid) => commandLineOf(pid).includes('main/control'))
  await eventually('the first calls', () => lines.length > 2)
  const first = control()
  process.kill(first ?? 0, 'SIGKILL')
  await eventually('another control process', () => ![undefined, first].includes(control()), 10_000)
  lines = []
  await eventually('more calls', () => lines.length > 20, 10_000)
  assert.deepEqual([...new Set(lines)], ['204 502'])
  assert.match(said, /started again/)
  assert.doesNotMatch(said, /no objects|error/)
})

test('a run whose log of denials cannot be opened ends, and says why', async () => {
  const { code, stderr } = await startPostern(['run', '--denial-log', '/nowhere/at/all', '--', 'true']).ended
  assert.equal(code, 125)
  assert.match(stderr, /cannot open the denial log "\/nowhere\/at\/all"/)
})
