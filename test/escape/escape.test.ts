import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openService } from './outside-service.ts'
import { attempt, ESCAPED, openDirectory, runProgram, startProgram, startVictim } from './programs.ts'
import { enterWorld, identities, startWitness, type Witness } from './world.ts'

enterWorld(fileURLToPath(import.meta.url))

/**
 * One hostile program for each way out. Each is first run unsealed, where it has to get out: otherwise its refusal inside
 * would prove nothing. `needs: 'privilege'` marks what only root can do unsealed.
 */
const attempts: readonly { readonly name: string; readonly title: string; readonly needs?: 'privilege' }[] = [
  { name: 'tcp-direct', title: 'reaches no TCP port' },
  { name: 'tcp-ipv6', title: 'reaches no TCP port over IPv6' },
  { name: 'udp', title: 'reaches nobody by UDP' },
  { name: 'quic', title: 'reaches nobody by QUIC' },
  { name: 'dns-tunnel', title: 'reaches no DNS server but the sidecar' },
  { name: 'icmp-echo', title: 'opens no ICMP echo socket' },
  { name: 'raw-socket', title: 'opens no raw socket', needs: 'privilege' },
  { name: 'packet-socket', title: 'opens no packet socket', needs: 'privilege' },
  { name: 'vsock', title: 'opens no vsock, which no namespace holds' },
  { name: 'other-families', title: 'opens no socket of another family' },
  { name: 'uevent-netlink', title: 'hears no kernel events' },
  { name: 'io-uring', title: 'goes round no filter by io_uring' },
  { name: 'devices', title: 'opens no device of the host', needs: 'privilege' },
  { name: 'new-device', title: 'makes no device node', needs: 'privilege' },
  { name: 'kernel-knobs', title: 'writes to no kernel setting', needs: 'privilege' },
  { name: 'join-namespace', title: 'joins no other namespace', needs: 'privilege' },
  { name: 'new-user-namespace', title: 'makes no user namespace' },
  { name: 'new-namespaces', title: 'makes no other namespace', needs: 'privilege' },
  { name: 'clone3', title: 'finds no clone3, whose flags no filter sees' },
  { name: 'mounts', title: 'mounts nothing', needs: 'privilege' },
  { name: 'firewall-rules', title: 'neither reads nor changes firewall rules', needs: 'privilege' },
  { name: 'routes', title: 'changes neither addresses nor links', needs: 'privilege' },
  { name: 'resolver-file', title: 'does not change resolv.conf', needs: 'privilege' },
  { name: 'keyring', title: 'reaches no keyring of its user' },
  { name: 'bpf', title: 'makes no bpf map', needs: 'privilege' },
  { name: 'signal-outside', title: 'signals no process outside' },
  { name: 'see-outside', title: 'sees no process outside' },
  { name: 'trace', title: 'traces neither agent nor outside' },
  { name: 'look-into', title: 'looks into neither agent nor outside' },
  { name: 'abstract-socket', title: 'reaches no abstract Unix socket' },
  { name: 'path-socket', title: 'reaches no Unix socket by path' },
  { name: 'path-datagram', title: 'reaches no Unix datagram socket by path' },
  { name: 'path-socket-by-another-name', title: 'reaches no Unix socket by link, rename or unmount' },
]

let witness: Witness
before(async () => {
  witness = await startWitness()
})
after(() => witness.close())

for (const identity of identities()) {
  describe(`a program sealed in a capsule, started by ${identity.name}`, () => {
    for (const { name, title, needs } of attempts) {
      test(title, async (t) => {
        const directory = openDirectory()
        const victim = startVictim(identity)
        const service = await openService(join(directory.path, 'before.sock'))
        const abstract = await openService(`\0${directory.path}`)
        const datagram = await openDatagramService(join(directory.path, 'before-datagram.sock'))
        t.after(() => {
          victim.kill('SIGKILL')
          for (const part of [service, abstract, datagram]) part.close()
          directory.remove()
        })
        const target = { victimPid: victim.pid ?? 0, directory: directory.path }
        const command = attempt(name, target)
        if (needs === undefined || identity.isPrivileged) {
          const unsealed = await runProgram(identity, false, command)
          assert.equal(
            unsealed.code,
            ESCAPED,
            `unsealed it has to succeed, or the attempt proves nothing: ${unsealed.said}`,
          )
        }
        await witness.take()
        const visits = service.visits() + abstract.visits()
        const sealed = await runProgram(identity, true, command)
        assert.equal(sealed.code, 0, sealed.said)
        assert.match(sealed.said, /^refused/m)
        assert.deepEqual(await witness.take(), [])
        assert.equal(service.visits() + abstract.visits(), visits, 'the outside service had a visitor')
      })
    }

    test('reaches no Unix socket that is opened or opened anew while it runs', async (t) => {
      const directory = openDirectory()
      const first = await openService(join(directory.path, 'before.sock'))
      const runs = ['late-path-socket', 'recreated-path-socket'].map((name) =>
        startProgram(identity, true, attempt(name, { victimPid: 0, directory: directory.path })),
      )
      await sleep(1500)
      first.close()
      const services = [
        await openService(join(directory.path, 'before.sock')),
        await openService(join(directory.path, 'after.sock')),
      ]
      t.after(() => {
        for (const service of services) service.close()
        directory.remove()
      })
      await sleep(1000)
      writeFileSync(join(directory.path, 'after.ready'), '')
      for (const { outcome } of runs) assert.equal((await outcome).code, 0, (await outcome).said)
      assert.deepEqual(
        services.map((service) => service.visits()),
        [0, 0],
      )
      const unsealed = await runProgram(
        identity,
        false,
        attempt('late-path-socket', { victimPid: 0, directory: directory.path }),
      )
      assert.equal(unsealed.code, ESCAPED, unsealed.said)
    })

    test('reaches the one Unix socket that is shared with it', async (t) => {
      const directory = openDirectory()
      const path = join(directory.path, 'before.sock')
      const service = await openService(path)
      t.after(() => {
        service.close()
        directory.remove()
      })
      const command = attempt('path-socket', { victimPid: 0, directory: directory.path })
      assert.equal((await runProgram(identity, true, command, { ESCAPE_SHARE: path })).code, ESCAPED)
    })

    test('uses Unix sockets of its own', async (t) => {
      const directory = openDirectory()
      t.after(() => directory.remove())
      const outcome = await runProgram(
        identity,
        true,
        attempt('own-socket', { victimPid: 0, directory: directory.path }),
      )
      assert.equal(outcome.code, ESCAPED, outcome.said)
    })

    test('inherits no descriptor besides the standard three', async () => {
      const command = ['sh', '-c', 'ls -l /proc/$$/fd']
      const foreign = /\s(?:[3-9]|\d\d+) -> (?:socket|pipe|anon_inode)/
      assert.match((await runProgram(identity, false, command, {}, ['pipe'])).said, foreign)
      assert.doesNotMatch((await runProgram(identity, true, command, {}, ['pipe'])).said, foreign)
      assert.doesNotMatch((await runProgram(identity, true, ['env'], {}, ['pipe'])).said, /NODE_CHANNEL/)
    })

    test('kills its own process group without harm to the sidecar', async () => {
      const command = attempt('kill-own-group', { victimPid: 0, directory: '/' })
      assert.equal((await runProgram(identity, false, command)).signal, 'SIGKILL')
      const sealed = await runProgram(identity, true, command)
      assert.equal(sealed.signal, null)
      assert.equal(sealed.code, 99, sealed.said)
    })

    test('types nothing into the terminal of the shell outside', async () => {
      const inTerminal = (isSealed: boolean) => {
        const command = attempt('terminal-input', { victimPid: 0, directory: '/' })
        const sealing = isSealed
          ? [process.execPath, '--no-warnings', fileURLToPath(new URL('./sealed-run.ts', import.meta.url))]
          : []
        const line = [...sealing, ...command].map((word) => `'${word}'`).join(' ')
        return runProgram(identity, false, ['script', '-qec', line, '/dev/null'])
      }
      assert.equal((await inTerminal(false)).code, ESCAPED)
      assert.equal((await inTerminal(true)).code, 0)
    })
  })
}

/** Node opens no Unix datagram sockets, so socat's place is taken by Perl, which every Debian has. */
async function openDatagramService(path: string): Promise<{ close(): void }> {
  const program = `use Socket; socket(S, AF_UNIX, SOCK_DGRAM, 0) and bind(S, sockaddr_un($ARGV[0])) and chmod(0777, $ARGV[0]) or die; print "open\\n"; sleep 60`
  const { child } = startProgram({ name: 'here', prefix: [], isPrivileged: true }, false, [
    'perl',
    '-e',
    `$| = 1; ${program}`,
    path,
  ])
  await new Promise((resolve) => child.stdout?.once('data', resolve))
  return { close: () => child.kill('SIGKILL') }
}
