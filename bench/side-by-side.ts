import { accepting, type Contender, LOAD_CORE, type Ports, PROXY_CORE, type Started, start } from './contender.ts'
import { bulkLoad, type Figures, httpLoad, lightHttpLoad, roundTripLoad, type Scale, UNITS } from './loads.ts'
import { webUpstreamCommand } from './rivals.ts'
import type { Row } from './series.ts'

const UPSTREAM: Ports = { echo: 7000, source: 7001, http: 7002 }

/** Of one round. Bulk takes a second or so and varies most, so that it is measured more often. */
const LOADS = [roundTripLoad, bulkLoad, httpLoad, lightHttpLoad, bulkLoad, bulkLoad]

function portsOf(index: number): Ports {
  const base = 7100 + index * 10
  return { echo: base, source: base + 1, http: base + 2 }
}

interface Entrant {
  readonly name: string
  readonly ports: Ports
  readonly started: Started
}

/** Runs every load against every contender in turn, `runs` times over, so that a drift of the machine meets all alike. */
export async function measureSideBySide(
  contenders: readonly Contender[],
  scale: Scale,
  directory: string,
  say: (line: string) => void,
): Promise<Row[]> {
  const upstreams = await startUpstreams(directory)
  const entrants: Entrant[] = []
  const values = new Map<string, Map<string, number[]>>()
  try {
    for (const [index, contender] of contenders.entries()) {
      const entrant = await enter(contender, portsOf(index), directory)
      if (entrant === undefined) say(`${contender.name} is not here (${contender.absence}): left out`)
      else entrants.push(entrant)
    }
    // Run 0 warms up, so that compilers of all kinds have done their work, and is not counted.
    for (let run = 0; run <= scale.runs; run += 1) {
      for (const load of LOADS) {
        for (const entrant of entrants) {
          const figures = await load(entrant.ports, entrant.started.pid, scale)
          if (run === 0) continue
          record(values, entrant.name, figures)
          say(`run ${run}/${scale.runs} ${entrant.name}: ${describe(figures)}`)
        }
      }
    }
  } finally {
    for (const one of [...entrants.map((entrant) => entrant.started), ...upstreams]) one.stop()
  }
  return [...values].map(([figure, byName]) => ({ figure, unit: UNITS.get(figure) ?? '', values: byName }))
}

async function startUpstreams(directory: string): Promise<Started[]> {
  const program = new URL('./tcp-upstream.ts', import.meta.url).pathname
  const tcp = start(
    LOAD_CORE,
    [process.execPath, program, `${UPSTREAM.echo}`, `${UPSTREAM.source}`],
    directory,
    'upstream',
  )
  const web = start(LOAD_CORE, webUpstreamCommand(UPSTREAM.http, directory), directory, 'web-upstream')
  await accepting(UPSTREAM.source, tcp, directory, 'upstream')
  await accepting(UPSTREAM.http, web, directory, 'web-upstream')
  return [tcp, web]
}

async function enter(contender: Contender, ports: Ports, directory: string): Promise<Entrant | undefined> {
  const command = contender.command(ports, UPSTREAM, directory)
  if (command === undefined) return undefined
  const started = start(PROXY_CORE, command, directory, contender.name)
  for (const port of [ports.echo, ports.source, ports.http]) await accepting(port, started, directory, contender.name)
  return { name: contender.name, ports, started }
}

function record(values: Map<string, Map<string, number[]>>, name: string, figures: Figures): void {
  for (const [figure, value] of figures) {
    const byName = values.get(figure) ?? new Map<string, number[]>()
    byName.set(name, [...(byName.get(name) ?? []), value])
    values.set(figure, byName)
  }
}

function describe(figures: Figures): string {
  return [...figures].map(([figure, value]) => `${figure} ${value.toFixed(2)} ${UNITS.get(figure)}`).join(', ')
}
