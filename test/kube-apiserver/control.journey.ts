import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SERVICE_ENTRIES } from '#control/source/api-source.ts'
import { KubeClient } from '#kube/client/kube-client.ts'
import { loadKubeconfig } from '#kube/client/kubeconfig.ts'
import { eventually, serviceEntry } from '#test/journeys/postern.ts'
import { Control, define, grantRights, statusOf } from './control.ts'
import { KubeApiServer } from './kube-apiserver.ts'

const server = new KubeApiServer()
const WIKIPEDIA = 'https://www.wikipedia.org/'
const ENTRY = serviceEntry(
  'wikipedia-ext',
  'hosts: [www.wikipedia.org], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS',
)
const NAMED = 'serviceentry/wikipedia-ext'

before(async () => {
  await server.start()
  await server.kubectl(['create', 'namespace', 'istio-system'])
  await grantRights(server)
})
after(() => server.close())

/** What a name of an entry without addresses is answered with; names of no entry get one of 2001:2:0:ffff::/64. */
const VIRTUAL_ADDRESS = /^2001:2::f0f0:/

const enforced = (name = NAMED) => server.kubectl(['wait', '--for=condition=Enforced', name, '--timeout=60s'])
const remove = () => server.kubectl(['delete', NAMED, '--ignore-not-found'])
const apply = (yaml = ENTRY) => server.kubectl(['apply', '-f', '-'], yaml)

test('what is not defined yet is waited for; then each verb of kubectl counts for a program that runs', async (context) => {
  const control = Control.start(context, server)
  await control.said(
    'the API server does not have serviceentries.networking.istio.io v1, sidecars.networking.istio.io v1: followed as soon as they are defined',
  )
  await control.serves()
  const shell = control.shell()
  assert.equal(await statusOf(shell, WIKIPEDIA), '000')
  await define(server)
  await control.said(/the API server has .*serviceentries.networking.istio.io v1.* now: followed/)
  await apply()
  await enforced()
  assert.equal(await statusOf(shell, WIKIPEDIA), '200')
  await server.kubectl(['patch', NAMED, '--type=merge', '-p', '{"spec":{"hosts":["www.example.com"]}}'])
  await enforced()
  assert.equal(await statusOf(shell, WIKIPEDIA), '000')
  await server.kubectl(['replace', '-f', '-'], ENTRY)
  await enforced()
  assert.equal(await statusOf(shell, WIKIPEDIA), '200')
  await server.kubectl(['delete', NAMED])
  await eventually('the deletion to count', async () => (await statusOf(shell, WIKIPEDIA)) === '000')
  await server.kubectl(['create', '-f', '-'], ENTRY)
  await enforced()
  assert.equal(await statusOf(shell, WIKIPEDIA), '200')
  await remove()
})

test('a server that crashes leaves programs what they have; what it says afterwards counts', async (context) => {
  const control = Control.start(context, server)
  await control.serves()
  await apply()
  const shell = control.shell()
  await enforced()
  for (let outage = 1; outage <= 2; outage++) {
    await server.kill()
    await control.said('cannot be reached', outage)
    assert.equal(await statusOf(shell, WIKIPEDIA), '200')
    await server.resume()
    await control.said('the API is followed again', outage)
    assert.equal(await statusOf(shell, WIKIPEDIA), '200')
  }
  await remove()
  await eventually('the deletion to count', async () => (await statusOf(shell, WIKIPEDIA)) === '000')
})

test('changes that the server has forgotten (410 Gone) are found by a new list', async (context) => {
  const control = Control.start(context, server)
  await control.serves()
  await apply()
  const shell = control.shell()
  await enforced()
  assert.equal(await statusOf(shell, WIKIPEDIA), '200')
  control.process.process.kill('SIGSTOP')
  await remove()
  await apply(ENTRY.replace('wikipedia-ext', 'other').replace('www.wikipedia.org', 'www.example.com'))
  await server.compact()
  await server.kill()
  await server.resume()
  control.process.process.kill('SIGCONT')
  await enforced('serviceentry/other')
  assert.equal(await statusOf(shell, WIKIPEDIA), '000')
  await server.kubectl(['delete', 'serviceentry/other'])
})

test('thousands of entries come in pages, and each gets its status', async (context) => {
  const names = Array.from({ length: 2_000 }, (_, index) => `entry-${index}`)
  const client = new KubeClient(loadKubeconfig({ paths: [server.admin] }))
  context.after(() => client.close())
  await server.kubectl(['create', 'namespace', 'many'])
  await createEntries(client, 'many', names)
  const control = Control.start(context, server)
  await control.serves()
  const shell = control.shell()
  const lookUp = (name: string) => shell.run(`getent hosts ${name}.example.com`)
  const known = await lookUp('entry-0')
  for (const name of ['entry-0', 'entry-1000', 'entry-1999']) assert.match(await lookUp(name), VIRTUAL_ADDRESS)
  await eventually('every status', () => areAllEnforced(client, 'many', names.length), 90_000)
  await server.kubectl(['delete', 'serviceentries', '--all', '-n', 'many', '--wait=false'])
  await eventually('the deletions to count', async () => (await lookUp('entry-0')) !== known, 60_000)
})

test('a token that counts no more (401) is no end: the next one in its file does', async (context) => {
  const control = Control.start(context, server)
  await control.serves()
  await apply()
  const shell = control.shell()
  await enforced()
  await server.kubectl(['delete', 'serviceaccount', 'postern-control', '-n', 'istio-system'])
  // Watches that are under way go on with the token that they began with.
  await server.kill()
  await server.resume()
  await control.said(/Unauthorized \(401\); what was last known stays in force/)
  assert.equal(await statusOf(shell, WIKIPEDIA), '200')
  await grantRights(server)
  await control.said('the API is followed again')
  await remove()
  await eventually('the deletion to count', async () => (await statusOf(shell, WIKIPEDIA)) === '000')
})

test('a right that is missing is named, and its lack holds up what depends on it alone', async (context) => {
  await server.kubectl(['create', 'serviceaccount', 'narrow', '-n', 'istio-system'])
  const may = (name: string, ...words: readonly string[]) =>
    server
      .kubectl(['create', 'clusterrole', name, ...words])
      .then(() =>
        server.kubectl([
          'create',
          'clusterrolebinding',
          name,
          `--clusterrole=${name}`,
          '--serviceaccount=istio-system:narrow',
        ]),
      )
  await may(
    'narrow-reads',
    '--verb=list,watch',
    '--resource=serviceentries.networking.istio.io,egressrules.config.istio.io,configmaps',
  )
  const token = await server.kubectl(['create', 'token', 'narrow', '-n', 'istio-system'])
  const control = Control.start(
    context,
    server,
    server.file('narrow.kubeconfig', server.kubeconfig({ token: token.trim() })),
  )
  await control.said(
    /sidecars\.networking\.istio\.io cannot be followed: .*cannot list resource "sidecars".* \(403\); nothing is served before they can be/,
  )
  assert.doesNotMatch(control.process.stderr(), /serving xDS/)
  await may('narrow-reads-sidecars', '--verb=list,watch', '--resource=sidecars.networking.istio.io')
  await control.serves()
  await control.said(
    / \(403\); their statuses do not say what has no effect; likewise .*telemetries\.telemetry\.istio\.io/,
  )
  await apply()
  await control.said(
    /statuses of serviceentries\.networking\.istio\.io are not written yet: .*cannot patch resource "serviceentries\/status".* \(403\)/,
  )
  await may('narrow-writes', '--verb=patch', '--resource=serviceentries.networking.istio.io/status')
  await enforced()
  await remove()
})

test('objects whose definition is taken away count no more, and again when they are back', async (context) => {
  const control = Control.start(context, server)
  await control.serves()
  await apply()
  const shell = control.shell()
  await enforced()
  await server.kubectl(['delete', 'crd', 'serviceentries.networking.istio.io'])
  await control.said('the API server no longer has serviceentries.networking.istio.io v1')
  assert.equal(await statusOf(shell, WIKIPEDIA), '000')
  await define(server)
  await apply()
  await enforced()
  assert.equal(await statusOf(shell, WIKIPEDIA), '200')
})

/** As many clients at a time as a busy cluster may have. */
const AT_A_TIME = 16

async function createEntries(client: KubeClient, namespace: string, names: readonly string[]): Promise<void> {
  const next = names.values()
  const create = async () => {
    for (const name of next) {
      const ports = [{ number: 443, name: 'tls', protocol: 'TLS' }]
      const spec = { hosts: [`${name}.example.com`], ports, resolution: 'DNS' }
      const object = { apiVersion: 'networking.istio.io/v1', kind: 'ServiceEntry', metadata: { name, namespace }, spec }
      assert.equal((await client.create(SERVICE_ENTRIES, object)).kind, 'done')
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, create))
}

async function areAllEnforced(client: KubeClient, namespace: string, count: number): Promise<boolean> {
  const listed = await client.list(SERVICE_ENTRIES, { namespace })
  assert.ok(listed.kind === 'done')
  const { items } = listed.value
  return items.length === count && items.every(({ status }) => JSON.stringify(status ?? {}).includes('"Acknowledged"'))
}
