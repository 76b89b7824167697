import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { KubeClient } from '#kube/client/kube-client.ts'
import { loadKubeconfig } from '#kube/client/kubeconfig.ts'
import type { Resource } from '#kube/client/resource.ts'
import { meshUp } from './mesh.ts'
import { eventually } from './postern.ts'

const SERVICE_ENTRIES: Resource = {
  group: 'networking.istio.io',
  version: 'v1',
  plural: 'serviceentries',
  namespaced: true,
}

function entry(port: number): string {
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: books}
spec: {hosts: [books.example.com], ports: [{number: ${port}, name: tls, protocol: TLS}], resolution: DNS}
`
}

/** A controller that writes the status of `books` without a pause, until the test ends. */
function busyController(context: TestContext, kubeconfig: string): void {
  const client = new KubeClient(loadKubeconfig({ paths: [kubeconfig] }))
  let isOver = false
  const options = { subresource: 'status', fieldManager: 'busy' }
  const write = async () => {
    for (let turn = 1; !isOver; turn++) {
      await client.patch(SERVICE_ENTRIES, 'books', 'default', 'merge', { status: { turn } }, options)
      await wait(1)
    }
  }
  const written = write().catch((thrown) => {
    if (!isOver) throw thrown
  })
  context.after(async () => {
    isOver = true
    await written
    client.close()
  })
}

interface Written {
  readonly metadata: {
    readonly generation: number
    readonly managedFields: readonly {
      readonly manager: string
      readonly subresource?: string
      readonly fieldsV1: Readonly<Record<string, unknown>>
    }[]
  }
  readonly spec: { readonly ports: readonly { readonly number: number }[] }
}

test('whatever kubectl writes without naming a state, statuses that are written meanwhile do not disturb it', async (context) => {
  const { state, env, kubectl, shell } = await meshUp(context)
  const program = shell()
  await program.run('true')
  const file = join(state, 'books.yaml')
  const write = (port: number) => writeFileSync(file, entry(port))
  const books = async () =>
    JSON.parse(await kubectl('get', 'se', 'books', '-o', 'json', '--show-managed-fields')) as Written
  write(1)
  await kubectl('apply', '-f', file)
  busyController(context, env.KUBECONFIG)
  let port = 1
  const writers: readonly ((file: string) => Promise<string>)[] = [
    () => kubectl('apply', '-f', file),
    () => kubectl('apply', '--server-side', '--force-conflicts', '--field-manager=alice', '-f', file),
    () =>
      kubectl(
        'patch',
        'se',
        'books',
        '--type=merge',
        '-p',
        `{"spec":{"ports":[{"number":${port},"name":"tls","protocol":"TLS"}]}}`,
      ),
    async () => {
      writeFileSync(join(state, 'editor'), `#!/bin/sh\nsed -i 's/number: ${port - 1}$/number: ${port}/' "$1"\n`, {
        mode: 0o700,
      })
      env.KUBE_EDITOR = join(state, 'editor')
      return kubectl('edit', 'se', 'books')
    },
  ]
  for (let round = 1; round <= 4; round++) {
    for (const writer of writers) {
      port += 1
      write(port)
      await writer(file)
      const { metadata, spec } = await books()
      assert.deepEqual([spec.ports[0]?.number, metadata.generation], [port, port])
    }
  }
  await kubectl('wait', '--for=condition=Enforced', 'se/books', '--timeout=10s')
  const { metadata } = await books()
  for (const { manager, subresource = '', fieldsV1 } of metadata.managedFields) {
    const isController = ['postern-control', 'busy'].includes(manager)
    assert.equal(subresource, isController ? 'status' : '', manager)
    assert.equal('f:status' in fieldsV1, isController, manager)
  }
  await program.close()
})

test('a watch and a wait for the end see an object come, change and go', async (context) => {
  const { state, kubectl, watching } = await meshUp(context)
  const file = join(state, 'books.yaml')
  writeFileSync(file, entry(1))
  const format = 'jsonpath={.type} {.object.spec.ports[0].number}{"\\n"}'
  const printed = watching('get', 'se', '-w', '--output-watch-events', '-o', format)
  await kubectl('apply', '-f', file)
  await eventually('the object in the watch', () => printed().includes('ADDED 1'))
  const gone = kubectl('wait', '--for=delete', 'se/books', '--timeout=20s')
  writeFileSync(file, entry(2))
  await kubectl('apply', '-f', file)
  await kubectl('wait', '--for=condition=Enforced', 'se/books', '--timeout=10s')
  await kubectl('delete', '-f', file)
  await gone
  await eventually('the deletion in the watch', () => printed().includes('DELETED 2'))
  // A status may be written before the watch begins, or after.
  const events = new Set(printed().trim().split('\n'))
  events.delete('MODIFIED 1')
  assert.deepEqual([...events], ['ADDED 1', 'MODIFIED 2', 'DELETED 2'])
})
