import { type Command, InvalidArgumentError, Option } from 'commander'
import { dnsLabelFaults, labelValueFaults, qualifiedNameFaults } from '#kube/name-rules.ts'

/** Everything `postern run` was asked for. */
export interface RunOptions {
  readonly command: readonly [string, ...string[]]
  readonly files: readonly string[]
  /** The Unix socket of the control plane to join; undefined: that of the mesh that is up, if there are no files. */
  readonly control: string | undefined
  /** undefined: what the mesh configuration says, REGISTRY_ONLY when it says nothing. */
  readonly policy: 'REGISTRY_ONLY' | 'ALLOW_ANY' | undefined
  /** The workload's name; default: the command's. */
  readonly name: string
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  /** A file, "-" for standard output, or undefined: what the mesh configuration says. */
  readonly accessLog: string | undefined
  readonly logFormat: 'text' | 'json'
  /** A file for one JSON record a denial, "-" for standard error. */
  readonly denialLog: string | undefined
  readonly summary: 'text' | 'json' | 'markdown'
  readonly failOnDenied: boolean
  readonly cooperative: boolean
  readonly sharedSockets: readonly string[]
}

/** Adds `postern run`; `run` gets the parsed options and answers the exit code. */
export function addRunVerb(program: Command, run: (options: RunOptions) => Promise<number>): void {
  program
    .command('run')
    .description('run a command that can reach only what a ServiceEntry names')
    .usage('[options] -- COMMAND [ARGUMENT...]')
    .argument('<command...>', 'the command and its arguments')
    .option('-f, --filename <file>', 'configuration: a YAML file, a directory, or - (repeatable)', collectPaths)
    .addOption(
      new Option('--control <path>', 'join the control plane that listens on this Unix socket').conflicts('filename'),
    )
    .addOption(new Option('--policy <mode>', 'unnamed destinations').choices(['REGISTRY_ONLY', 'ALLOW_ANY']))
    .option('--name <name>', "the workload's name (default: the command's)")
    .option('-n, --namespace <namespace>', "the workload's namespace", parseNamespace, 'default')
    .option('--labels <labels>', "the workload's labels: k=v,...", parseLabels)
    .option('--access-log <file>', 'write one line a connection or request; - is standard output')
    .addOption(new Option('--log-format <format>', 'of the access log').choices(['text', 'json']).default('text'))
    .option('--denial-log <file>', 'write one JSON record a denial; - is standard error')
    .addOption(
      new Option('--summary <format>', 'of the closing summary of denials')
        .choices(['text', 'json', 'markdown'])
        .default('text'),
    )
    .option('--fail-on-denied', 'exit 3 when a destination was denied')
    .option('--cooperative', 'no namespace: a proxy named in the environment (not enforced)')
    .option('--share-socket <path>', "a Unix socket of the host's that stays reachable (repeatable)", collect)
    .passThroughOptions()
    .action(async (command: string[], flags: RunFlags) => {
      process.exitCode = await run(optionsFrom(command, flags))
    })
}

interface RunFlags {
  readonly filename?: string[]
  readonly control?: string
  readonly policy?: 'REGISTRY_ONLY' | 'ALLOW_ANY'
  readonly name?: string
  readonly namespace: string
  readonly labels?: Record<string, string>
  readonly accessLog?: string
  readonly logFormat: 'text' | 'json'
  readonly denialLog?: string
  readonly summary: 'text' | 'json' | 'markdown'
  readonly failOnDenied?: true
  readonly cooperative?: true
  readonly shareSocket?: string[]
}

function optionsFrom(command: string[], flags: RunFlags): RunOptions {
  const [program, ...rest] = command as [string, ...string[]]
  return {
    command: [program, ...rest],
    files: flags.filename ?? [],
    control: flags.control,
    policy: flags.policy,
    name: flags.name ?? workloadNameOf(program),
    namespace: flags.namespace,
    labels: flags.labels ?? {},
    accessLog: flags.accessLog,
    logFormat: flags.logFormat,
    denialLog: flags.denialLog,
    summary: flags.summary,
    failOnDenied: flags.failOnDenied ?? false,
    cooperative: flags.cooperative ?? false,
    sharedSockets: flags.shareSocket ?? [],
  }
}

/** The last part of a program's path: "/usr/bin/curl" is the workload "curl". */
function workloadNameOf(program: string): string {
  return program.slice(program.lastIndexOf('/') + 1) || 'run'
}

/** Throws an InvalidArgumentError for what Kubernetes would not call a namespace. */
export function parseNamespace(text: string): string {
  const [fault] = dnsLabelFaults(text)
  if (fault !== undefined) throw new InvalidArgumentError(`"${text}" is no namespace: ${fault}`)
  return text
}

/** An empty one is a variable that is not set, and would mean the working directory. */
function collectPaths(value: string, earlier?: string[]): string[] {
  if (value === '') throw new InvalidArgumentError('it is the path of a file or directory, or -')
  return collect(value, earlier)
}

/** For repeatable options. */
export function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value]
}

/** "app=sleep,version=v1" → labels; throws commander's error on anything else. */
export function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const pair of text.split(',')) {
    const at = pair.indexOf('=')
    if (at < 1) throw new InvalidArgumentError(`"${pair}" is not of the form key=value`)
    const [key, value] = [pair.slice(0, at), pair.slice(at + 1)]
    // The API takes no other labels, and a run in the mesh is registered there with its own.
    const [fault] = [...qualifiedNameFaults(key), ...labelValueFaults(value)]
    if (fault !== undefined) throw new InvalidArgumentError(`"${pair}" is no label: ${fault}`)
    labels[key] = value
  }
  return labels
}
