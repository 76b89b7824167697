import { type Command, InvalidArgumentError, Option } from 'commander'
import { Fault } from '#base/fault.ts'
import { listManifestFiles, readManifestFile, readText } from '#kube/manifest-files.ts'
import { formatMessage } from '#kube/message.ts'
import { type Analysis, type ObjectInPlace, objectsOfManifests, onTopOf, readLiveObjects } from './analysis-input.ts'
import {
  type ApiConnection,
  type ApiFlags,
  addApiOptions,
  printWarnings,
  reporting,
  VerbError,
} from './api-connection.ts'
import { ANALYSIS_LEVELS, type AnalysisFinding, analysisLine, reaches, renderAnalysis } from './render/analysis.ts'
import { suppresses } from './suppression.ts'
import type { VerbIo } from './verb-io.ts'

/** Exit codes of istioctl (spec 8.1). */
export const ANALYZE_EXIT = { found: 79, failed: 1, usage: 64, data: 65 } as const

type Level = AnalysisFinding['level']

interface AnalyzeFlags extends ApiFlags {
  readonly namespace?: string
  readonly allNamespaces?: true
  readonly useKube: boolean
  readonly listAnalyzers?: true
  readonly output: 'log' | 'json' | 'yaml'
  readonly suppress: readonly string[]
  readonly failureThreshold: Level
  readonly outputThreshold: Level
  readonly ignoreUnknown?: true
  readonly meshConfigFile?: string
}

/** The live mesh, when there is one to be analyzed: undefined without a kubeconfig, which is in order where files are given. */
export type ConnectIfUp = (flags: ApiFlags) => ApiConnection | undefined

/** `postern analyze [FILE...]`: what is wrong with files, with what is live, or with files on top of what is live (spec 8). */
export function addAnalyzeVerb(program: Command, io: VerbIo, analysis: Analysis, connect: ConnectIfUp): void {
  const verb = program
    .command('analyze')
    .description('Looks for mistakes in files, in the live mesh, or in files on top of it.')
    .argument('[file...]', 'files or directories of YAML or JSON, or - for standard input')
    .option('-n, --namespace <namespace>', 'the namespace that is looked at; that of objects that name none')
    .option('-A, --all-namespaces', 'look at all namespaces')
    .addOption(new Option('-k, --use-kube [boolean]', 'look at live objects too').default(true).argParser(parseBoolean))
    .option('-R, --recursive', 'accepted: directories are always read to their depths')
    .option('-L, --list-analyzers', 'print the analyzers and their codes')
    .addOption(
      new Option('-o, --output <format>', 'form of the result: log, json or yaml')
        .default('log')
        .argParser(parseOutput),
    )
    .addOption(
      new Option('-S, --suppress <finding>', 'what is not told: CODE=KIND NAME.NAMESPACE; may be given again')
        .default([])
        .argParser(collect),
    )
    .addOption(
      new Option('--failure-threshold <level>', 'from which level on findings are a failure')
        .default('Error')
        .argParser(parseLevel),
    )
    .addOption(
      new Option('--output-threshold <level>', 'from which level on findings are printed')
        .default('Info')
        .argParser(parseLevel),
    )
    .option('--ignore-unknown', 'what cannot be read as an object is no failure')
    .option('--meshConfigFile <file>', 'mesh configuration to analyze with')
  addApiOptions(verb).action((files: string[], flags: AnalyzeFlags) =>
    reporting(io, ANALYZE_EXIT.failed, () => run(files, flags, io, analysis, connect)),
  )
}

async function run(
  files: readonly string[],
  flags: AnalyzeFlags,
  io: VerbIo,
  analysis: Analysis,
  connect: ConnectIfUp,
): Promise<void> {
  if (flags.listAnalyzers) {
    for (const { name, codes } of analysis.analyzers) io.stdout.write(`* ${name} (${codes.join(', ')})\n`)
    return
  }
  const read = readFiles(files)
  const connection = flags.useKube ? connect(flags) : undefined
  if (connection === undefined && files.length === 0)
    throw new VerbError(['there is nothing to analyze: name files, or start a mesh with: postern up'])
  const namespace = flags.namespace ?? connection?.client.namespace ?? 'default'
  const { objects, unlisted } = await together(read.objects, connection, namespace, io)
  const meshConfig = flags.meshConfigFile === undefined ? {} : { meshConfig: meshConfigOf(flags.meshConfigFile) }
  const settings = { namespace, unlisted, ...meshConfig }
  const found = analysis
    .analyze(objects, settings)
    .filter(
      (one) => flags.allNamespaces || one.file !== undefined || one.namespace === '' || one.namespace === namespace,
    )
    .filter((one) => !flags.suppress.some((pattern) => suppresses(pattern, one)))
  for (const line of read.faults) io.stderr.write(`Error: ${line}\n`)
  const target = flags.allNamespaces ? 'all namespaces' : `namespace: ${namespace}`
  print(found, read.faults.length, target, flags, io)
  io.exitCode = exitCode(found, read.faults.length > 0 && !flags.ignoreUnknown, flags.failureThreshold)
}

function readFiles(paths: readonly string[]): {
  readonly objects: readonly ObjectInPlace[]
  readonly faults: readonly string[]
} {
  const read = listManifestFiles(paths).map(readManifestFile)
  const faults = read.flatMap(({ messages }) => messages.filter(({ level }) => level === 'error').map(formatMessage))
  return { objects: read.flatMap(({ manifests }) => objectsOfManifests(manifests)), faults }
}

async function together(
  files: readonly ObjectInPlace[],
  connection: ApiConnection | undefined,
  namespace: string,
  io: VerbIo,
): Promise<{ readonly objects: readonly ObjectInPlace[]; readonly unlisted: readonly string[] }> {
  if (connection === undefined) return { objects: files, unlisted: [] }
  try {
    const { objects, unlisted } = await readLiveObjects(connection, (text) => printWarnings([text], io))
    return { objects: onTopOf(objects, files, namespace), unlisted }
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.code !== 'kube/unreachable' || files.length === 0) throw thrown
    const mend = 'to look at the files alone: postern analyze --use-kube=false FILE...'
    throw new Fault('kube/unreachable', thrown.message, { mend, cause: thrown })
  }
}

function meshConfigOf(path: string): string {
  const read = readText(path)
  if (read.kind === 'text') return read.text
  throw new VerbError([`${path}: ${read.why}`])
}

function print(
  found: readonly AnalysisFinding[],
  unreadable: number,
  target: string,
  flags: AnalyzeFlags,
  io: VerbIo,
): void {
  const shown = found.filter((one) => reaches(one, flags.outputThreshold))
  if (flags.output !== 'log') {
    io.stdout.write(renderAnalysis(shown, flags.output))
    return
  }
  for (const one of shown) io.stdout.write(`${analysisLine(one)}\n`)
  if (found.some((one) => reaches(one, flags.failureThreshold))) {
    io.stderr.write(`Error: Analyzers found issues when analyzing ${target}.\n`)
    io.stderr.write(
      'See https://istio.io/latest/docs/reference/config/analysis and docs/analysis.md for more information about causes and resolutions.\n',
    )
  } else if (found.length === 0) {
    const but = unreadable === 0 ? '' : ` (but ${unreadable} ${unreadable === 1 ? 'part' : 'parts'} could not be read)`
    io.stderr.write(`✔ No validation issues found when analyzing ${target}${but}.\n`)
  }
}

function exitCode(found: readonly AnalysisFinding[], isUnreadable: boolean, threshold: Level): number {
  if (found.some((one) => reaches(one, threshold))) return ANALYZE_EXIT.found
  return isUnreadable ? ANALYZE_EXIT.data : 0
}

function parseLevel(value: string): Level {
  const wanted = value.replace(/^=/, '').toLowerCase()
  const level = ANALYSIS_LEVELS.find((one) => one.toLowerCase() === wanted)
  if (level === undefined) throw new InvalidArgumentError(`it is one of ${ANALYSIS_LEVELS.join(', ')}`)
  return level
}

function parseOutput(value: string): AnalyzeFlags['output'] {
  const format = value.replace(/^=/, '')
  if (format === 'log' || format === 'json' || format === 'yaml') return format
  throw new InvalidArgumentError('it is log, json or yaml')
}

function parseBoolean(value: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true'
  throw new InvalidArgumentError('it is true or false')
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}
