import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { eventually } from './postern.ts'

const POSTERN = join(import.meta.dirname, '..', '..', 'bin', 'postern')

/** Runs a command until the test ends; what it prints comes together. */
function start(t: TestContext, file: string, ...args: readonly string[]) {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  t.after(() => child.kill('SIGKILL'))
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  return { child, said: () => said, ended }
}

/** Runs `script` in an interactive bash, with job control, on a terminal; `typed` is typed once it has said `cue`. What it prints ends with "end". */
async function onTerminal(t: TestContext, script: string, typed = '', cue = ''): Promise<string> {
  const quoted = `${script}; echo en''d`.replaceAll("'", String.raw`'\''`)
  const running = start(t, 'script', '-qec', `bash --norc -ic '${quoted}'`, '/dev/null')
  await eventually('the cue', () => running.said().includes(cue))
  running.child.stdin.write(typed)
  await eventually('the script to end', () => running.said().includes('end'))
  return running.said()
}

test('a program that reads the terminal gets it in a pipeline too, whatever its input is', async (t) => {
  const read = `sh -c 'read x </dev/tty; echo got $x'`
  assert.match(await onTerminal(t, `${POSTERN} run -- ${read} | cat`, 'word\n'), /got word/)
  assert.match(await onTerminal(t, `${POSTERN} run -- ${read} </dev/null`, 'word\n'), /got word/)
})

test('in the background a program leaves the terminal to whoever has it', async (t) => {
  const script = `(${POSTERN} run -- true; echo ov''er) & read x; echo got $x`
  assert.match(await onTerminal(t, script, 'word\n', 'over'), /got word/)
})

test('a program that reads the terminal from the background is stopped, for its shell to see', async (t) => {
  const script = `${POSTERN} run -- cat & until jobs %1 | grep Stopped; do sleep 0.1; done; kill -KILL %1`
  assert.match(await onTerminal(t, script), /Stopped .*run -- cat/)
})

test('^C ends the script around a run as well, in a pipeline too', async (t) => {
  for (const tail of ['', ' | cat']) {
    const program = `sh -c "echo ready >&2; exec sleep 60"${tail}`
    const script = `${POSTERN} run -- ${program}; echo went on`
    const running = start(t, 'script', '-qec', `bash -c '${script}'`, '/dev/null')
    await eventually('the program to be ready', () => running.said().includes('ready'))
    running.child.stdin.write('\x03')
    assert.equal(await running.ended, 130, tail)
    assert.doesNotMatch(running.said(), /went on/, tail)
  }
})

test('a program leads its process group, as a job of a shell does: what makes one itself keeps terminal and signals', async (t) => {
  const reading = `timeout 60 sh -c 'read x; echo got $x'`
  assert.match(await onTerminal(t, `${POSTERN} run -- ${reading}`, 'word\n'), /got word/)
  const running = start(t, POSTERN, 'run', '--', 'timeout', '60', 'sh', '-c', 'echo ready; sleep 60')
  await eventually('the program to be ready', () => running.said().includes('ready'))
  running.child.kill('SIGTERM')
  assert.equal(await running.ended, 143)
})

test('a terminal stays as a program leaves it', async (t) => {
  assert.match(await onTerminal(t, `${POSTERN} run -- stty -echo; stty -a`), /-echo\b/)
})

test('signals that Postern was started to ignore do not reach the program', async (t) => {
  for (const mode of ['', '--cooperative']) {
    const program = `trap "echo went on; exit 5" USR1; echo ready; while :; do sleep 0.05; done`
    const script = `trap '' HUP; exec ${POSTERN} run ${mode} -- sh -c '${program}'`
    const running = start(t, 'sh', '-c', script)
    await eventually('the program to be ready', () => running.said().includes('ready'))
    running.child.kill('SIGHUP')
    running.child.kill('SIGUSR1')
    assert.equal(await running.ended, 5, mode)
    assert.match(running.said(), /went on/)
  }
})
