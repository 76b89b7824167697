import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { attempt, ESCAPED, type Outcome, openDirectory, runProgram, startProgram } from './programs.ts'
import { enterWorld, type Identity, identities, startWitness, type Witness } from './world.ts'

enterWorld(fileURLToPath(import.meta.url))

const POSTERN = fileURLToPath(new URL('../../bin/postern', import.meta.url))
const ALLOW_ANY = `apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    outboundTrafficPolicy: {mode: ALLOW_ANY}
`

/** What a program that joins a mesh could want of it; unsealed, each gets it. */
const attempts: readonly { readonly name: string; readonly title: string; readonly within?: true }[] = [
  { name: 'mesh-sockets', title: 'reaches no socket of the mesh' },
  { name: 'mesh-sockets-from-within', title: 'reaches no socket from where it was started', within: true },
  { name: 'mesh-sockets-by-proc', title: 'reaches no socket through /proc', within: true },
  { name: 'mesh-files', title: 'reads no file of the mesh' },
  { name: 'mesh-api', title: 'reaches the API at no address of this machine' },
  { name: 'mesh-false-state', title: 'puts no state directory of its own in the place of the mesh’s' },
]

/** A user's mesh, which allows every destination. */
class Mesh {
  readonly state: string
  readonly remove: () => void
  readonly #identity: Identity
  readonly #env: NodeJS.ProcessEnv

  constructor(identity: Identity) {
    const { path, remove } = openDirectory()
    this.#identity = identity
    // Compiled code is written when a process ends, which may be after the directory is gone.
    this.#env = { HOME: join(path, 'home'), XDG_STATE_HOME: join(path, 'state'), NODE_COMPILE_CACHE: '' }
    this.state = join(path, 'state', 'postern')
    this.remove = remove
  }

  get port(): number {
    return Number(/server: https:\/\/[^\s"]*:(\d+)/.exec(readFileSync(join(this.state, 'kubeconfig'), 'utf8'))?.[1])
  }

  postern(...args: readonly string[]): Promise<Outcome> {
    return this.unsealed([POSTERN, ...args])
  }

  unsealed(command: readonly string[], cwd = '/'): Promise<Outcome> {
    return runProgram(this.#identity, false, inDirectory(cwd, command), this.#env)
  }

  sealed(command: readonly string[], cwd = '/'): Promise<Outcome> {
    return this.unsealed([POSTERN, 'run', '--', ...command], cwd)
  }

  start(command: readonly string[]): { readonly outcome: Promise<Outcome> } {
    return startProgram(this.#identity, false, [POSTERN, 'run', '--', ...command], this.#env)
  }
}

function inDirectory(directory: string, command: readonly string[]): readonly string[] {
  return ['sh', '-c', 'cd "$0" && exec "$@"', directory, ...command]
}

let witness: Witness
before(async () => {
  witness = await startWitness()
})
after(() => witness.close())

for (const identity of identities()) {
  describe(`a program that joins the mesh of ${identity.name}`, () => {
    const mesh = new Mesh(identity)
    before(async () => {
      const up = await mesh.postern('up')
      assert.equal(up.code, 0, up.said)
      const policy = join(mesh.state, '..', '..', 'policy.yaml')
      writeFileSync(policy, ALLOW_ANY)
      const applied = await mesh.postern('apply', '-f', policy)
      assert.equal(applied.code, 0, applied.said)
    })
    after(async () => {
      await mesh.postern('down')
      mesh.remove()
    })

    for (const { name, title, within } of attempts) {
      test(title, async () => {
        const command = attempt(name, { victimPid: 0, directory: mesh.state, port: mesh.port })
        const cwd = within === undefined ? '/' : mesh.state
        const unsealed = await mesh.unsealed(command, cwd)
        assert.equal(unsealed.code, ESCAPED, `unsealed it has to succeed: ${unsealed.said}`)
        const sealed = await mesh.sealed(command, cwd)
        assert.equal(sealed.code, 0, sealed.said)
        assert.match(sealed.said, /^refused/m)
      })
    }

    test('is served by the mesh all the while, and leaves as it came', async () => {
      const { said } = await mesh.sealed([POSTERN, 'status'])
      assert.doesNotMatch(said, /127\.0\.0\.1/)
      assert.match((await mesh.postern('status')).said, /127\.0\.0\.1/)
    })
  })

  test(`a program that was there before the mesh of ${identity.name} sees nothing of it`, async (t) => {
    const mesh = new Mesh(identity)
    t.after(mesh.remove)
    const signal = join(mesh.state, '..', '..')
    const wait = `touch ${signal}/started; while ! [ -e ${signal}/up ]; do sleep 0.1; done; exec "$@"`
    const run = (name: string) =>
      mesh.start(['sh', '-c', wait, 'sh', ...attempt(name, { victimPid: 0, directory: mesh.state })])
    const runs = ['mesh-sockets', 'mesh-files'].map(run)
    while (!existsSync(join(signal, 'started'))) await new Promise((resolve) => setTimeout(resolve, 50))
    const up = await mesh.postern('up')
    assert.equal(up.code, 0, up.said)
    t.after(() => mesh.postern('down'))
    writeFileSync(join(signal, 'up'), '')
    for (const { outcome } of runs) assert.equal((await outcome).code, 0, (await outcome).said)
  })
}
