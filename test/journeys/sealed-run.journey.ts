import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { eventually, postern, scratch, sealed, startPostern, worldLog } from './postern.ts'

const execute = promisify(execFile)
const POSTERN = join(import.meta.dirname, '..', '..', 'bin', 'postern')

test('a sealed curl reaches nothing when nothing is configured, and is told why and what would allow it', async () => {
  const outcome = await postern('run', '--', 'curl', '-sS', 'https://www.wikipedia.org/')
  assert.equal(outcome.code, 35)
  assert.match(outcome.stderr, /^curl: \(35\) .*alert access denied/m)
  assert.match(outcome.stderr, /^postern: denied {2}curl → www\.wikipedia\.org:443 \(TLS, SNI www\.wikipedia\.org\)$/m)
  assert.match(outcome.stderr, /^ {9}no ServiceEntry names this host/m)
  assert.match(outcome.stderr, /^ {9}allow it with: {2}\S*bin\/postern allow www\.wikipedia\.org:443 > allow\.yaml$/m)
})

test("a sealed curl reaches Wikipedia with the task's ServiceEntry", async () => {
  const outcome = await postern(
    ...['run', '-f', 'samples/wikipedia.yaml', '--'],
    ...['curl', '-sS', '-o', '/dev/null', '-w', '%{http_code}\\n', 'https://www.wikipedia.org/'],
  )
  assert.equal(outcome.stdout, '200\n')
  assert.equal(outcome.code, 0)
  assert.doesNotMatch(outcome.stderr, /denied/)
})

test('the article count of the task comes out of the capsule', async () => {
  const outcome = await sealed(
    ['-f', 'samples/wikipedia.yaml'],
    "curl -s https://en.wikipedia.org/wiki/Main_Page | grep articlecount | grep 'Special:Statistics'",
  )
  assert.match(outcome.stdout, /5,563,121<\/a> articles in/)
})

test('a ServiceEntry for one port does not open another', async () => {
  const before = worldLog('arrivals', '91.198.174.192:80').length
  const outcome = await sealed(['-f', 'samples/wikipedia.yaml'], 'curl -sS -m 5 http://www.wikipedia.org/')
  assert.match(outcome.stdout + outcome.stderr, /denied/)
  assert.match(outcome.stderr, /ServiceEntry default\/wikipedia-ext/)
  assert.equal(worldLog('arrivals', '91.198.174.192:80').length, before)
})

test("the command's exit code is Postern's", async () => {
  assert.equal((await sealed([], 'exit 0')).code, 0)
  assert.equal((await sealed([], 'exit 41')).code, 41)
})

test('a command that dies of a signal makes Postern exit with 128 + its number', async () => {
  assert.equal((await sealed([], 'kill -TERM $$')).code, 143)
  assert.equal((await sealed([], 'kill -KILL $$')).code, 137)
  // Real-time signals have no names in Node, which calls this a success.
  for (const options of [[], ['--cooperative']]) assert.equal((await sealed(options, 'kill -40 $$')).code, 168)
})

test('a command that stops itself, and is continued by one of its own, runs on', async () => {
  assert.equal((await sealed([], '(sleep 0.3; kill -CONT $$) & kill -STOP $$; exit 12')).code, 12)
})

test('a command that does not exist is 127', async () => {
  const outcome = await postern('run', '--', '/nonexistent/program')
  assert.equal(outcome.code, 127)
  assert.match(outcome.stderr, /nonexistent/)
})

test('a command is looked for along PATH as execvp looks: past directories, and for scripts that do not say what runs them', async (context) => {
  const directory = scratch(context)
  mkdirSync(join(directory, 'first', 'tool'), { recursive: true })
  writeFileSync(join(directory, 'tool'), 'echo "ran $0 $1"\n', { mode: 0o755 })
  writeFileSync(join(directory, 'closed'), '', { mode: 0o644 })
  const env = { ...process.env, PATH: `${directory}/first:${directory}:${process.env.PATH}` }
  const run = (...command: readonly string[]) => startPostern(['run', '--', ...command], '', undefined, env).ended
  assert.equal((await run('tool', 'a b')).stdout, `ran ${directory}/tool a b\n`)
  assert.equal((await run('closed')).code, 126)
})

test('signals reach the command', async () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1'] as const) {
    const name = signal.slice(3)
    const script = `trap 'echo got ${name}; exit 9' ${name}; echo ready; while :; do sleep 0.05; done`
    const running = startPostern(['run', '--', 'sh', '-c', script])
    await eventually('the command to be ready', () => running.stdout().includes('ready'))
    running.process.kill(signal)
    const outcome = await running.ended
    assert.match(outcome.stdout, new RegExp(`got ${name}`))
    assert.equal(outcome.code, 9)
  }
})

test('no signal from inside opens a debugger in the capsule', async () => {
  const script =
    'kill -USR1 1; sleep 0.3; curl -s http://127.0.0.1:9229/json/version; kill -0 1 2>/dev/null; echo went on'
  assert.equal((await sealed([], script)).stdout, 'went on\n')
})

test('standard input, arguments and the environment pass through', async () => {
  const running = startPostern(
    ['run', '--', 'sh', '-c', 'cat; printf "%s|" "$@"; echo "$HOME"', 'sh', 'a b', '', '$x'],
    'in\n',
  )
  const outcome = await running.ended
  assert.equal(outcome.stdout, `in\na b||$x|${process.env.HOME ?? ''}\n`)
})

test('the program can write nothing that the sidecar goes by: its code, and the names of this machine', async () => {
  const code = 'bin/postern src/main/sidecar.ts dist/main/postern.js dist/suggest-*.js'
  const files = `${code} node_modules/koffi/package.json /etc/hosts /etc/resolv.conf`
  const script = `for file in ${files} "${process.execPath}"; do [ ! -w "$file" ] || echo "$file"; done`
  assert.equal((await sealed([], script)).stdout, '')
})

test('the command is the same user, inside and outside', async () => {
  const outcome = await sealed([], 'id -u; id -g')
  assert.equal(outcome.stdout, `${process.getuid?.()}\n${process.getgid?.()}\n`)
})

test('--fail-on-denied turns a success with denials into exit code 3', async () => {
  const script = 'curl -s -m 5 https://drop.example.net/; exit 0'
  assert.equal((await sealed(['--fail-on-denied'], script)).code, 3)
  assert.equal((await sealed([], script)).code, 0)
  assert.equal((await sealed(['--fail-on-denied'], 'exit 0')).code, 0)
})

test('a run whose standard error nobody reads any more goes on, and ends with its own code', async () => {
  const running = startPostern(['run', '--denial-log', '-', '--', 'sh'], 'pipe')
  running.process.stdin?.write('echo ready\n')
  await eventually('the shell', () => running.stdout().includes('ready'))
  running.process.stderr?.destroy()
  const call = "curl -s -o /dev/null -w '%{http_code}\\n' http://no-such-entry.example/"
  running.process.stdin?.end(`${call}; ${call}; exit 7\n`)
  const { code, stdout } = await running.ended
  assert.deepEqual([code, stdout], [7, 'ready\n502\n502\n'])
})

test('a working directory that was removed is told of, and the run ends', async (context) => {
  const directory = join(scratch(context), 'removed')
  const inner = `mkdir ${directory}; cd ${directory}; rmdir ${directory}; exec ${POSTERN} run -- true`
  await assert.rejects(execute('sh', ['-c', inner], { timeout: 20_000, killSignal: 'SIGKILL' }), {
    code: 125,
    stderr: /^postern: the working directory does not exist any more$/m,
  })
})

test('Postern works from any directory and through a symbolic link', async () => {
  const running = startPostern(['run', '--', 'pwd'], '', '/')
  assert.equal((await running.ended).stdout, '/\n')
})

test('a terminal stays a terminal', async () => {
  const inner = `${POSTERN} run -- sh -c 'test -t 0 && test -t 1 && stty size'`
  const { stdout } = await execute('sh', ['-c', `script -qec "stty rows 33 cols 77; ${inner}" /dev/null </dev/null`])
  assert.match(stdout, /33 77/)
})
