import assert from 'node:assert/strict'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { attempt, ESCAPED, runProgram, startProgram } from './programs.ts'
import { enterWorld, identities, startWitness } from './world.ts'

enterWorld(fileURLToPath(import.meta.url))

const target = { victimPid: 0, directory: '/' }
const witness = await startWitness()
after(() => witness.close())

for (const identity of identities()) {
  describe(`a capsule started by ${identity.name}`, () => {
    test('bounds a fork bomb and leaves the outside able to start programs', async () => {
      const bomb = attempt('fork-bomb', target)
      assert.equal((await runProgram(identity, false, bomb)).code, ESCAPED)
      const running = startProgram(identity, true, bomb, { ESCAPE_TASKS: '512' })
      assert.equal((await runProgram(identity, false, ['true'])).code, 0)
      const { code, said } = await running.outcome
      assert.equal(code, 0, said)
      assert.match(said, /refused/)
    })

    test('survives 10,000 connections that say nothing, while the next capsule works', async () => {
      const flood = startProgram(identity, true, attempt('silent-connections', target), { ESCAPE_HOLD: '1' })
      const beside = await runProgram(identity, true, ['sh', '-c', 'exit 7'])
      assert.equal(beside.code, 7, beside.said)
      const { code, said } = await flood.outcome
      assert.equal(code, 0, said)
      assert.match(said, /opened [1-9]\d{3,}/)
      assert.deepEqual(await witness.take(), [])
    })

    test('answers DNS after a flood of it', async () => {
      const { code, said } = await runProgram(identity, true, attempt('dns-flood', target))
      assert.equal(code, 0, said)
      assert.match(said, /answered/)
      assert.deepEqual(await witness.take(), [])
    })

    test('ends, and leaves nothing, when its sidecar is killed', async () => {
      const before = census()
      const running = startProgram(identity, true, ['sh', '-c', 'setsid sleep 4242 & echo started; sleep 4242'])
      await new Promise((resolve) => running.child.stdout?.once('data', resolve))
      const during = census()
      assert.ok(during.processes > before.processes && during.namespaces > before.namespaces)
      running.child.kill('SIGKILL')
      await running.outcome
      await settled(before)
    })

    test('leaves nothing after 25 runs', async () => {
      const before = census()
      for (let run = 0; run < 25; run++) {
        assert.equal((await runProgram(identity, true, ['sh', '-c', 'setsid sleep 4242 & exit 3'])).code, 3)
      }
      await settled(before)
    })

    test('refuses to be built inside another, and says so', async () => {
      const sealedRun = [process.execPath, '--no-warnings', fileURLToPath(new URL('./sealed-run.ts', import.meta.url))]
      const { code, said } = await runProgram(identity, true, [...sealedRun, 'true'])
      assert.equal(code, 1)
      assert.match(said, /capsule\/nested/)
    })

    test('passes on the exit code, and how a signal ended the program', async () => {
      assert.equal((await runProgram(identity, true, ['sh', '-c', 'exit 42'])).code, 42)
      assert.equal((await runProgram(identity, true, ['sh', '-c', 'kill -TERM $$'])).code, 99)
      assert.match((await runProgram(identity, true, ['no-such-command'])).said, /capsule\/command-not-found/)
    })

    test('passes signals on to the program', async () => {
      const running = startProgram(identity, true, [
        'sh',
        '-c',
        'trap "exit 5" TERM; echo ready; while :; do sleep 0.1; done',
      ])
      await new Promise((resolve) => running.child.stdout?.once('data', resolve))
      running.child.kill('SIGTERM')
      assert.equal((await running.outcome).code, 5)
    })
  })
}

/** How many processes and network namespaces there are in the world, which has a pid namespace of its own. */
function census(): { readonly processes: number; readonly namespaces: number } {
  const namespaces = new Set<string>()
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  let processes = 0
  for (const pid of pids) {
    try {
      // The test is process 1 of the world and collects no orphans: they stay as zombies, which are nothing any more.
      if (/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) continue
      processes++
      namespaces.add(readlinkSync(`/proc/${pid}/ns/net`))
    } catch {
      // It has just ended.
    }
  }
  return { processes, namespaces: namespaces.size }
}

/** The kernel ends a pid namespace in its own time: what is left is looked at until it is gone, for five seconds at most. */
async function settled(before: ReturnType<typeof census>): Promise<void> {
  for (let look = 0; look < 50 && census().processes > before.processes; look++) await sleep(100)
  assert.deepEqual(census(), before)
}
