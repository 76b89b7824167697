import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { eventually, scratch, startPostern } from '#test/journeys/postern.ts'

/** The control process of a run. */
function controlOf(run: number | undefined): number | undefined {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => {
      try {
        const parent = / [A-Z] (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]
        return Number(parent) === run && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('main/control')
      } catch {
        return false
      }
    })
}

function directoryOf(runtime: string): string {
  return readdirSync(runtime).find((name) => name.startsWith('postern-')) ?? ''
}

async function answers(path: string): Promise<boolean> {
  const socket = connect({ path })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

describe('a program that may write where the user keeps programs and settings', () => {
  test('does not get its own tools run beside it: PATH begins with a directory of its own', async (context) => {
    const home = scratch(context)
    const bin = join(home, 'bin')
    mkdirSync(bin)
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` }
    const script = `cd ${bin}
      for tool in mount nft sh unshare setpriv ip; do printf '#!/bin/sh\\necho "$0 $*" >> ${home}/ran\\n' > $tool; done
      chmod +x *; mount; rm ${home}/ran`
    const { code, stderr } = await startPostern(['run', '--', '/bin/sh', '-ec', script], '', undefined, env).ended
    assert.deepEqual([code, stderr], [0, ''])
    assert.equal(existsSync(join(home, 'ran')), false)
    // Had they been asked, they would have answered.
    execFileSync(join(bin, 'nft'))
    assert.ok(existsSync(join(home, 'ran')))
  })

  test('does not get its own code into a control process that is started again', async (context) => {
    const home = scratch(context)
    const code = join(home, 'required.cjs')
    writeFileSync(code, '')
    const runtime = scratch(context)
    const env = { ...process.env, NODE_OPTIONS: `--require=${code}`, XDG_RUNTIME_DIR: runtime }
    const script = `echo 'require("fs").writeFileSync("${home}/ran", "")' > ${code}; echo ready; sleep 30`
    const running = startPostern(['run', '--', 'sh', '-c', script], '', undefined, env)
    await eventually('the program', () => running.stdout().includes('ready'))
    const first = controlOf(running.process.pid)
    assert.ok(first !== undefined)
    process.kill(first, 'SIGKILL')
    await eventually('another control process', () => ![undefined, first].includes(controlOf(running.process.pid)))
    await eventually('it to serve', () => answers(join(runtime, directoryOf(runtime), 'xds')))
    running.process.kill('SIGTERM')
    await running.ended
    assert.equal(existsSync(join(home, 'ran')), false)
    execFileSync(process.execPath, ['-e', ''], { env })
    assert.ok(existsSync(join(home, 'ran')))
  })

  test('finds what Postern is made of read-only', async () => {
    const root = join(import.meta.dirname, '..', '..')
    const parts = ['bin', 'bin/postern', 'src', 'src/main/postern.ts', 'dist', 'node_modules', 'package.json']
    const script = `cd ${root}; for part in ${parts.join(' ')}; do test -w $part && echo $part; done; true`
    assert.equal((await startPostern(['run', '--', 'sh', '-c', script]).ended).stdout, '')
    assert.equal(execFileSync('sh', ['-c', script], { encoding: 'utf8' }), `${parts.join('\n')}\n`)
  })

  test("has the user's compile cache for itself", async (context) => {
    const cache = join(scratch(context), 'cache')
    const env = { ...process.env, NODE_COMPILE_CACHE: cache }
    const { stdout } = await startPostern(['run', '--', 'sh', '-c', 'env | grep COMPILE_CACHE'], '', undefined, env)
      .ended
    assert.equal(stdout, `NODE_COMPILE_CACHE=${cache}\n`)
    assert.equal(existsSync(cache), false, 'Postern keeps its own code elsewhere')
  })
})
