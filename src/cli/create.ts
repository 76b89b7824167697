import type { Command } from 'commander'
import { type Connect, printWarnings, refusalText, reporting, VerbError } from './api-connection.ts'
import { readValidInput, resolveObjects } from './config-objects.ts'
import { addConfigOptions, CONFIG_EXIT_FAILED, type ConfigFlags, filesOf } from './config-options.ts'
import { configKey } from './config-type.ts'
import type { VerbIo } from './verb-io.ts'

/** `postern create -f FILE...`, as istioctl 0.3 to 1.4 had it (spec 2.4): 255 on any error; what can be created is. */
export function addCreateVerb(program: Command, io: VerbIo, connect: Connect): void {
  const verb = program
    .command('create')
    .description('Creates the objects of a file: `Created config TYPE/NAMESPACE/NAME at revision N` for each.')
    .argument('[argument...]', 'none: objects come from -f')
  addConfigOptions(verb, true).action((words: string[], flags: ConfigFlags) =>
    reporting(io, CONFIG_EXIT_FAILED, () => create(words, flags, io, connect)),
  )
}

async function create(words: readonly string[], flags: ConfigFlags, io: VerbIo, connect: Connect): Promise<void> {
  if (words.length > 0) throw new VerbError(['create takes no arguments'])
  const input = readValidInput(filesOf(flags), 'create', 'as istioctl')
  printWarnings(input.warnings, io)
  const { client, discover } = connect(flags)
  const faults: string[] = []
  for (const { resource, object } of resolveObjects(input, await discover(), flags.namespace, client.namespace)) {
    const outcome = await client.create(resource, object)
    printWarnings(outcome.warnings, io)
    if (outcome.kind === 'refused') {
      faults.push(refusalText(outcome.refusal))
      continue
    }
    const { name, namespace, resourceVersion } = outcome.value.metadata
    io.stdout.write(`Created config ${configKey(object.kind, namespace, name)} at revision ${resourceVersion}\n`)
  }
  if (faults.length > 0) throw new VerbError(faults)
}
