import type { Command } from 'commander'
import { type Connect, printWarnings, refusalText, reporting, VerbError } from './api-connection.ts'
import { readConfigInput, resolveObjects } from './config-objects.ts'
import { addConfigOptions, CONFIG_EXIT_FAILED, type ConfigFlags, filesOf } from './config-options.ts'
import { configKey, resourceNamed } from './config-type.ts'
import type { VerbIo } from './verb-io.ts'

/** `postern delete TYPE NAME...` or `postern delete -f FILE...`, as istioctl had it (spec 2.4): 255 on any error; what can be deleted is. */
export function addDeleteVerb(program: Command, io: VerbIo, connect: Connect): void {
  const verb = program
    .command('delete')
    .description('Deletes objects by type and name, or those of a file: `Deleted config: ...` for each.')
    .argument('[argument...]', 'TYPE NAME...')
  addConfigOptions(verb, true).action((words: string[], flags: ConfigFlags) =>
    reporting(io, CONFIG_EXIT_FAILED, () => {
      const hasFiles = flags.filename !== undefined || flags.file !== undefined
      return hasFiles ? deleteFromFiles(words, flags, io, connect) : deleteByName(words, flags, io, connect)
    }),
  )
}

async function deleteByName(words: readonly string[], flags: ConfigFlags, io: VerbIo, connect: Connect): Promise<void> {
  const [type, ...names] = words
  if (type === undefined || names.length === 0)
    throw new VerbError(['provide configuration type and name or -f option'])
  const { client, discover } = connect(flags)
  const resource = resourceNamed(type, await discover())
  const namespace = resource.namespaced ? (flags.namespace ?? client.namespace) : undefined
  const faults: string[] = []
  for (const name of names) {
    const outcome = await client.delete(resource, name, namespace)
    if (outcome.kind === 'refused') faults.push(`cannot delete ${name}: ${refusalText(outcome.refusal)}`)
    else io.stdout.write(`Deleted config: ${type} ${name}\n`)
  }
  if (faults.length > 0) throw new VerbError(faults)
}

async function deleteFromFiles(
  words: readonly string[],
  flags: ConfigFlags,
  io: VerbIo,
  connect: Connect,
): Promise<void> {
  if (words.length > 0) throw new VerbError(['delete takes no arguments when the file option is used'])
  // What is to go need not be valid any more: faults count where they hide which object it is.
  const input = readConfigInput(filesOf(flags), 'as istioctl')
  printWarnings(input.warnings, io)
  if (input.manifests.length === 0) throw new VerbError(input.faults.length > 0 ? input.faults : ['nothing to delete'])
  const { client, discover } = connect(flags)
  const faults: string[] = []
  for (const { resource, object } of resolveObjects(input, await discover(), flags.namespace, client.namespace)) {
    const { name, namespace } = object.metadata
    const key = configKey(object.kind, namespace, name)
    const outcome = await client.delete(resource, name, namespace)
    if (outcome.kind === 'refused') faults.push(`cannot delete ${key}: ${refusalText(outcome.refusal)}`)
    else io.stdout.write(`Deleted config: ${key}\n`)
  }
  if (faults.length > 0) throw new VerbError(faults)
}
