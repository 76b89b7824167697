import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { Fault } from '#base/fault.ts'
import { clusterTable, endpointTable, type Json, listenerTable, routeTable } from './render/proxy-config-tables.ts'
import { parseLabels } from './run.ts'
import type { VerbIo } from './verb-io.ts'

/** The sidecar that `postern proxy-config` asks about: one that is connected to the mesh that is up, or one that files would configure. */
export interface ProxyConfigQuestion {
  /** "NAME.NAMESPACE", or NAME in `namespace`; undefined: offline. */
  readonly proxy: string | undefined
  readonly files: readonly string[]
  /** undefined: what the mesh configuration says, REGISTRY_ONLY when it says nothing. */
  readonly policy: 'REGISTRY_ONLY' | 'ALLOW_ANY' | undefined
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  /** The addresses that its workload has; "dual" is what `postern run` gives. */
  readonly ipFamilies: 'v4' | 'v6' | 'dual'
}

/** What that sidecar would be sent, as protobuf JSON. */
export interface ProxyConfigAnswer {
  readonly clusters: readonly Json[]
  readonly listeners: readonly Json[]
  readonly routes: readonly Json[]
  readonly endpoints: readonly Json[]
  /** Host → { ips, registry } */
  readonly names: Json
  /** How a connected sidecar began, in the form of Envoy's; undefined of one that is not connected. */
  readonly bootstrap?: Json
}

const PARTS = ['all', 'listeners', 'clusters', 'routes', 'endpoints', 'secrets', 'bootstrap'] as const
type Part = (typeof PARTS)[number]

interface Flags {
  readonly filename?: readonly string[]
  readonly output: string
  readonly meshPolicy?: 'REGISTRY_ONLY' | 'ALLOW_ANY'
  readonly namespace: string
  readonly labels?: Readonly<Record<string, string>>
  readonly ipFamilies: 'v4' | 'v6' | 'dual'
}

/**
 * Adds `postern proxy-config all|listeners|clusters|routes|endpoints|secrets|bootstrap`: with `-f FILE...` what a sidecar would be sent, offline, and with a proxy's name
 * what that one has. `compute` reads the files and says itself what is wrong with them.
 */
export function addProxyConfigVerb(
  program: Command,
  io: VerbIo,
  compute: (question: ProxyConfigQuestion) => ProxyConfigAnswer | Promise<ProxyConfigAnswer>,
): void {
  program
    .command('proxy-config')
    .alias('pc')
    .description('print what a sidecar has, or would be sent')
    .addArgument(new Argument('<part>', 'which resources').choices([...PARTS, ...PARTS.slice(1, -1).map(singular)]))
    .argument('[proxy]', 'NAME or NAME.NAMESPACE of a sidecar that is connected (proxy-status lists them)')
    .option('-f, --filename <path...>', 'configuration: files or directories of YAML, or - for standard input')
    .addOption(new Option('-o, --output <format>', 'output: json or table').default('table').argParser(outputFormat))
    .addOption(new Option('--mesh-policy <mode>', 'unnamed destinations').choices(['REGISTRY_ONLY', 'ALLOW_ANY']))
    .option('-n, --namespace <namespace>', "the workload's namespace", 'default')
    .option('--labels <labels>', "the workload's labels: k=v,...", parseLabels)
    .addOption(
      new Option('--ip-families <families>', "the workload's addresses; postern run gives dual")
        .choices(['v4', 'v6', 'dual'])
        .default('v4'),
    )
    .action(async (written: string, proxy: string | undefined, flags: Flags) => {
      const part = PARTS.find((one) => one === written || singular(one) === written) ?? 'all'
      const { filename: files = [], meshPolicy: policy, namespace, labels = {}, ipFamilies } = flags
      const answer = await compute({ proxy, files, policy, namespace, labels, ipFamilies })
      if (part === 'bootstrap' && answer.bootstrap === undefined) {
        throw new Fault('inspect/no-bootstrap', 'bootstrap is what a connected sidecar has begun with: name one', {
          mend: 'postern proxy-status lists those that are connected',
        })
      }
      // As in istioctl, where the bootstrap has no table.
      const isJson = flags.output === 'json' || part === 'bootstrap'
      io.stdout.write(isJson ? renderJson(part, answer) : renderTables(part, answer))
    })
}

function renderJson(part: Part, answer: ProxyConfigAnswer): string {
  const parts = part === 'all' ? answer : { [part]: part === 'secrets' ? [] : answer[part] }
  return `${JSON.stringify(parts, null, 2)}\n`
}

/** istioctl's sentence in the place of a table. Sidecars hold no certificates: what is encrypted is so between the program and its destination. */
const NO_SECRETS = 'No active or warming secrets found.\n'

function renderTables(part: Exclude<Part, 'bootstrap'>, answer: ProxyConfigAnswer): string {
  const tables = {
    listeners: () => listenerTable(answer.listeners),
    clusters: () => clusterTable(answer.clusters),
    routes: () => routeTable(answer.routes),
    endpoints: () => endpointTable(answer.endpoints, answer.clusters),
  }
  if (part === 'secrets') return NO_SECRETS
  if (part !== 'all') return tables[part]()
  return Object.values(tables)
    .map((table) => table())
    .join('\n')
}

/** "-o=json" reaches us as "=json". */
function outputFormat(text: string): string {
  const format = text.replace(/^=/, '')
  if (format === 'json' || format === 'table') return format
  throw new InvalidArgumentError('Allowed choices are json, table.')
}

/** istioctl's own names: "listener" for "listeners". */
function singular(part: Part): string {
  return part.slice(0, -1)
}
