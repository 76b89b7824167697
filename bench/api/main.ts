/**
 * The API and the control plane: `node bench/api/main.ts [--quick]` (script/bench api). Prints a table and writes it into docs/benchmarks.md.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { SERVICE_ENTRIES } from '#control/source/api-source.ts'
import type { KubeClient } from '#kube/client/kube-client.ts'
import type { ApiObject } from '#kube/client/resource.ts'
import { Crowd, MeshUnderTest } from './mesh-under-test.ts'

const quick = process.argv.includes('--quick')
const PROXIES = quick ? 10 : 100
const WATCHERS = quick ? 50 : 1_000
const ENTRIES = quick ? 500 : 10_000
const CHANGES = quick ? 10 : 100
const WRITES = quick ? 200 : 3_000
const AT_A_TIME = 32
/** Between two changes, so that each is measured by itself. */
const PAUSE_MS = 30
/** Memory is looked at when nothing has changed for so long. */
const SETTLE_MS = 6_000
const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'benchmarks.md')
const MARKS = ['<!-- api results -->', '<!-- end of api results -->'] as const

interface Figure {
  readonly what: string
  readonly value: string
  readonly aim?: string
}

const figures: Figure[] = []
const figure = (what: string, value: string, aim?: string) => {
  figures.push({ what, value, ...(aim === undefined ? {} : { aim }) })
  console.error(`${what}: ${value}`)
}
const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`

function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN
}

const spread = (values: readonly number[]): string =>
  `p50 ${ms(percentile(values, 50))}, p99 ${ms(percentile(values, 99))}`

function entry(name: string): ApiObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name, namespace: 'default' },
    spec: {
      hosts: [`${name}.example.com`],
      ports: [{ number: 443, name: 'tls', protocol: 'TLS' }],
      location: 'MESH_EXTERNAL',
      resolution: 'DNS',
    },
  }
}

async function write(client: KubeClient, name: string): Promise<void> {
  const outcome = await client.create(SERVICE_ENTRIES, entry(name))
  if (outcome.kind === 'refused') throw new Error(`${name}: ${outcome.refusal.message}`)
}

/** Writes `count` objects, so many at a time; answers how long each took. */
async function writeAll(client: KubeClient, prefix: string, count: number, atATime: number): Promise<number[]> {
  const took: number[] = []
  let next = 0
  await Promise.all(
    Array.from({ length: atATime }, async () => {
      while (next < count) {
        const begun = performance.now()
        await write(client, `${prefix}-${next++}`)
        took.push(performance.now() - begun)
      }
    }),
  )
  return took
}

/** From the request to the last of the crowds, one change at a time. */
async function changes(client: KubeClient, prefix: string, crowds: readonly Crowd[]): Promise<number[][]> {
  const took: number[][] = crowds.map(() => [])
  for (let index = 0; index < CHANGES; index += 1) {
    const name = `bench-${prefix}${index}`
    const begun = performance.now()
    const seen = crowds.map((crowd, which) => crowd.sees(name).then(() => took[which]?.push(performance.now() - begun)))
    await write(client, name)
    await Promise.all(seen)
    await wait(PAUSE_MS)
  }
  return took
}

async function measure(mesh: MeshUnderTest): Promise<void> {
  await mesh.start()
  const client = mesh.client()
  figure('write, one at a time', spread(await writeAll(client, 'single', WRITES / 10, 1)))
  const begun = performance.now()
  const together = await writeAll(client, 'many', WRITES, AT_A_TIME)
  figure(
    `writes, ${AT_A_TIME} at a time`,
    `${Math.round((WRITES / (performance.now() - begun)) * 1e3)} a second, ${spread(together)}`,
  )
  const watchers = new Crowd('watchers', mesh.kubeconfig, WATCHERS)
  await watchers.ready
  const [fanOut = []] = await changes(client, 'w', [watchers])
  watchers.end()
  figure(`write to the last of ${WATCHERS} watchers`, spread(fanOut))
  client.close()
  await mesh.stop()
  rmSync(mesh.state, { recursive: true })
}

async function measurePropagation(mesh: MeshUnderTest, present: number): Promise<void> {
  await mesh.start()
  const client = mesh.client()
  if (present > 0) {
    await writeAll(client, 'present', present, AT_A_TIME)
    await mesh.stop()
    figure(`cold start with ${present} ServiceEntries, until sidecars can connect`, ms(await mesh.start()), '<= 2 s')
  }
  const begun = performance.now()
  const sidecar = new Crowd('sidecars', mesh.xds, 1)
  await sidecar.ready
  if (present > 0) figure('then, until a sidecar that is started has compiled them', ms(performance.now() - begun))
  const proxies = new Crowd('proxies', mesh.xds, PROXIES - 1)
  await proxies.ready
  await mesh.atRest()
  const again = present > 0 ? mesh.client() : client
  const [received = [], enforced = []] = await changes(again, present > 0 ? 'p' : 'e', [proxies, sidecar])
  const beside = present > 0 ? `, ${present} ServiceEntries present` : ''
  const aim = present > 0 ? 'p99 <= 100 ms' : 'p99 <= 50 ms'
  figure(`apply → received by the last of ${PROXIES} proxies${beside}`, spread(received), aim)
  figure(`apply → compiled in a sidecar beside them${beside}`, spread(enforced), aim)
  await wait(SETTLE_MS)
  figure(
    `resident memory of the mesh at rest with ${PROXIES} proxies${beside}`,
    `${Math.round(mesh.residentMb())} MB`,
    present > 0 ? '<= 500 MB' : undefined,
  )
  proxies.end()
  sidecar.end()
  again.close()
  await mesh.stop()
}

const directory = mkdtempSync(join(tmpdir(), 'pb-'))
process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
await measure(new MeshUnderTest(join(directory, 'a')))
await measurePropagation(new MeshUnderTest(join(directory, 'b')), 0)
await measurePropagation(new MeshUnderTest(join(directory, 'c')), ENTRIES)
const table = [
  '| | measured | aim |',
  '| --- | --- | --- |',
  ...figures.map(({ what, value, aim = '' }) => `| ${what} | ${value} | ${aim} |`),
].join('\n')
console.log(table)
if (!quick) {
  const [before = '', rest = ''] = readFileSync(PAGE, 'utf8').split(MARKS[0])
  const after = rest.split(MARKS[1])[1] ?? ''
  writeFileSync(PAGE, `${before}${MARKS[0]}\n\n${table}\n\n${MARKS[1]}${after}`)
}
process.exit()
