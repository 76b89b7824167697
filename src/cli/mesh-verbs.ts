import { type Command, InvalidArgumentError, Option } from 'commander'
import type { MeshReport, ProxyReport } from './mesh-report.ts'
import { renderTable } from './render/table.ts'
import type { VerbIo } from './verb-io.ts'

/** What `postern up` was asked for. */
export interface UpOptions {
  /** undefined: the usual state directory. */
  readonly state: string | undefined
  readonly foreground: boolean
  /** undefined: the port of the last time, or any free one. */
  readonly port: number | undefined
}

/** What the verbs of the embedded mesh do; a Fault says that something failed. */
export interface MeshActions {
  /** Settles when the mesh is up; in the foreground, when it has ended. */
  up(options: UpOptions): Promise<MeshReport | undefined>
  /** False when none was up. */
  down(state: string | undefined): Promise<boolean>
  /** undefined when none is up. */
  report(state: string | undefined): Promise<MeshReport | undefined>
  /** The path of the kubeconfig of a mesh that is up or has been. */
  kubeconfig(state: string | undefined): string
}

const STATE = ['--state <dir>', 'where the mesh keeps its state'] as const

/** Adds `up`, `down`, `status`, `kubeconfig` and `proxy-status`. */
export function addMeshVerbs(program: Command, io: VerbIo, actions: MeshActions): void {
  addUp(program, io, actions)
  program
    .command('down')
    .description('end the mesh that is up; what it holds stays')
    .option(...STATE)
    .action(async ({ state }: StateFlag) => {
      io.stdout.write((await actions.down(state)) ? 'the mesh is down\n' : 'no mesh was up\n')
    })
  program
    .command('status')
    .description('say what the mesh is doing; exit 1 when none is up')
    .option(...STATE)
    .addOption(new Option('-o, --output <format>', 'form of the result').choices(['text', 'json']).default('text'))
    .action(async ({ state, output }: StateFlag & { output: 'text' | 'json' }) => {
      const report = await reportOf(actions, io, state)
      if (report !== undefined)
        io.stdout.write(output === 'json' ? `${JSON.stringify(report, null, 2)}\n` : renderReport(report))
    })
  program
    .command('kubeconfig')
    .description('print the path of the kubeconfig:  export KUBECONFIG=$(postern kubeconfig)')
    .option(...STATE)
    .action(({ state }: StateFlag) => {
      io.stdout.write(`${actions.kubeconfig(state)}\n`)
    })
  addProxyStatus(program, io, actions)
}

interface StateFlag {
  readonly state?: string
}

/** What has to follow a verb for it to mean the same mesh. */
function flagOf(state: string | undefined): string {
  return state === undefined ? '' : ` --state ${state}`
}

function addUp(program: Command, io: VerbIo, actions: MeshActions): void {
  program
    .command('up')
    .description('start the embedded mesh: API server and control plane')
    .option(...STATE)
    .option('--foreground', 'stay in the foreground until a signal ends it')
    .addOption(new Option('--port <port>', 'of the API, on loopback').argParser(parsePort))
    .action(async ({ state, foreground, port }: StateFlag & { foreground?: true; port?: number }) => {
      const report = await actions.up({ state, foreground: foreground ?? false, port })
      if (report === undefined) return
      const lines = [
        `the mesh is up: ${report.api} (process ${report.pid})`,
        `  kubectl         export KUBECONFIG=${report.kubeconfig}`,
        // Runs look in the usual place only.
        ...(state === undefined ? ['  a program in it postern run -- COMMAND'] : []),
        `  state, log      ${report.state}, ${report.log}`,
        `  end it          postern down${flagOf(state)}`,
      ]
      io.stdout.write(`${lines.join('\n')}\n`)
    })
}

function parsePort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new InvalidArgumentError(`"${text}" is not a port`)
}

async function reportOf(actions: MeshActions, io: VerbIo, state: string | undefined): Promise<MeshReport | undefined> {
  const report = await actions.report(state)
  if (report === undefined) {
    io.stderr.write(`postern: no mesh is up\n         start one:  postern up${flagOf(state)}\n`)
    io.exitCode = 1
  }
  return report
}

function renderReport(report: MeshReport): string {
  const { proxies } = report
  const synced = proxies.filter(({ types }) =>
    Object.values(types).every((sync) => sync !== 'STALE' && sync !== 'ERROR'),
  )
  const refusing = proxies.filter(({ types }) => Object.values(types).includes('ERROR'))
  const lines = [
    ['up since', `${report.since}, process ${report.pid}, version ${report.version}, ${report.residentMb} MB`],
    ['api', `${report.api}, revision ${report.revision}`],
    ['kubeconfig', report.kubeconfig],
    ['state', report.state],
    ['log', report.log],
    [
      'proxies',
      `${proxies.length} connected, ${synced.length} in step${refusing.length > 0 ? `, ${refusing.length} refuse what they were sent` : ''}`,
    ],
  ]
  return lines.map(([name = '', text = '']) => `${name.padEnd(10)}  ${text}\n`).join('')
}

function addProxyStatus(program: Command, io: VerbIo, actions: MeshActions): void {
  program
    .command('proxy-status')
    .alias('ps')
    .description('say how far each proxy is')
    .option(...STATE)
    .addOption(new Option('-v, --verbosity <level>', '1: a column a type').choices(['0', '1']).default('0'))
    .addOption(new Option('-o, --output <format>', 'form of the result').choices(['table', 'json']).default('table'))
    .action(async (flags: StateFlag & { verbosity: '0' | '1'; output: 'table' | 'json' }) => {
      const report = await reportOf(actions, io, flags.state)
      if (report === undefined) return
      const { proxies } = report
      if (flags.output === 'json') io.stdout.write(`${JSON.stringify(proxies, null, 2)}\n`)
      else io.stdout.write(flags.verbosity === '1' ? wideTable(report) : shortTable(report))
    })
}

const TYPES = ['CDS', 'LDS', 'EDS', 'RDS', 'NDS'] as const

/** `NAME CLUSTER ISTIOD VERSION SUBSCRIBED TYPES` (spec 8.1) */
function shortTable({ proxies, pid, version }: MeshReport): string {
  const rows = proxies.map(({ name, cluster, types }: ProxyReport) => {
    const subscribed = TYPES.filter((type) => types[type] !== undefined)
    return [name, cluster, `postern-${pid}`, version, `${subscribed.length} (${subscribed.join(',')})`]
  })
  return renderTable(['NAME', 'CLUSTER', 'ISTIOD', 'VERSION', 'SUBSCRIBED TYPES'], rows)
}

function wideTable({ proxies, pid, version }: MeshReport): string {
  const rows = proxies.map(({ name, cluster, types }) => [
    name,
    cluster,
    ...TYPES.map((type) => types[type] ?? 'IGNORED'),
    `postern-${pid}`,
    version,
  ])
  return renderTable(['NAME', 'CLUSTER', ...TYPES, 'ISTIOD', 'VERSION'], rows)
}
