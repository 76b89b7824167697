import type { Command } from 'commander'
import type { KubeClient } from '#kube/client/kube-client.ts'
import { type Analysis, type LiveObjects, objectsOfManifests, onTopOf, readLiveObjects } from './analysis-input.ts'
import { ANALYZE_EXIT } from './analyze.ts'
import {
  type ApiFlags,
  addApiOptions,
  type Connect,
  printWarnings,
  refusalText,
  reporting,
  VerbError,
} from './api-connection.ts'
import { type ConfigObject, readValidInput, resolveObjects } from './config-objects.ts'
import { type AnalysisFinding, analysisLine } from './render/analysis.ts'
import type { VerbIo } from './verb-io.ts'

interface ApplyFlags extends ApiFlags {
  readonly filename: readonly string[]
  readonly namespace?: string
  readonly force?: true
  readonly dryRun?: true
}

/** Whose fields they are. */
const FIELD_MANAGER = 'postern'

/**
 * `postern apply -f FILE...`: server-side apply, after an analysis of the files on top of what is live. Conflicts that they would bring are refused, nothing is
 * written then and the exit code is 79; `--force` goes on, and takes over fields of other managers.
 */
export function addApplyVerb(program: Command, io: VerbIo, analysis: Analysis, connect: Connect): void {
  const verb = program
    .command('apply')
    .description('Applies the objects of files, unless they would conflict with others.')
    .requiredOption('-f, --filename <path...>', 'file or directory of YAML or JSON, or - for standard input')
    .option('-n, --namespace <namespace>', 'namespace of the objects')
    .option('--force', 'apply in spite of conflicts, and take over fields that others have set')
    .option('--dry-run', 'let the server check everything and write nothing')
  addApiOptions(verb).action((flags: ApplyFlags) =>
    reporting(io, ANALYZE_EXIT.failed, () => apply(flags, io, analysis, connect)),
  )
}

async function apply(flags: ApplyFlags, io: VerbIo, analysis: Analysis, connect: Connect): Promise<void> {
  const input = readValidInput(flags.filename, 'apply', 'as kubectl')
  const connection = connect(flags)
  const { client, discover } = connection
  const objects = resolveObjects(input, await discover(), flags.namespace, client.namespace)
  const live = await readLiveObjects(connection, (text) => printWarnings([text], io))
  const found = findingsOf(objects, live, client.namespace, analysis)
  for (const one of found) io.stderr.write(`${analysisLine(one)}\n`)
  const conflicts = found.filter(({ others }) => others.length > 0)
  if (conflicts.length > 0 && !flags.force) {
    const pairs = new Set(
      conflicts.flatMap(({ origin, others }) => others.map((other) => [origin, other].sort().join(' and '))),
    )
    io.stderr.write(`Error: nothing was applied, because of conflicts between ${[...pairs].join(', ')}\n`)
    io.stderr.write('       change one of the two; or apply it in spite of that: postern apply --force\n')
    io.exitCode = ANALYZE_EXIT.found
    return
  }
  await write(objects, client, flags, io)
}

/** What the objects would bring that is not there already. Of other objects, only the conflicts that they are drawn into. */
function findingsOf(
  objects: readonly ConfigObject[],
  { objects: live, unlisted }: LiveObjects,
  namespace: string,
  analysis: Analysis,
): readonly AnalysisFinding[] {
  const settings = { namespace, unlisted }
  const files = objectsOfManifests(objects.map(({ manifest, object }) => ({ ...manifest, value: object })))
  const before = analysis.analyze(
    live.map((object) => ({ object })),
    settings,
  )
  const known = new Set(before.map(({ code, origin, message }) => `${code} ${origin} ${message}`))
  return analysis
    .analyze(onTopOf(live, files, namespace), settings)
    .filter((one) => one.file !== undefined && !known.has(`${one.code} ${one.origin} ${one.message}`))
}

async function write(
  objects: readonly ConfigObject[],
  client: KubeClient,
  flags: ApplyFlags,
  io: VerbIo,
): Promise<void> {
  const faults: string[] = []
  const dryRun = flags.dryRun === true
  for (const { resource, object } of objects) {
    const { name, namespace } = object.metadata
    const options = { dryRun, force: flags.force === true, fieldManager: FIELD_MANAGER }
    const outcome = await client.patch(resource, name, namespace, 'apply', object, options)
    printWarnings(outcome.warnings, io)
    if (outcome.kind === 'refused') {
      faults.push(refusalText(outcome.refusal))
      continue
    }
    const type = resource.group === '' ? resource.singular : `${resource.singular}.${resource.group}`
    io.stdout.write(`${type}/${name} serverside-applied${dryRun ? ' (server dry run)' : ''}\n`)
  }
  if (faults.length > 0) throw new VerbError(faults)
}
