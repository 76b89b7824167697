import type { Command } from 'commander'
import type { KubeClient } from '#kube/client/kube-client.ts'
import type { ApiOutcome } from '#kube/client/outcome.ts'
import type { ApiObject } from '#kube/client/resource.ts'
import { type Connect, printWarnings, refusalText, reporting, VerbError } from './api-connection.ts'
import { type ConfigObject, readValidInput, resolveObjects } from './config-objects.ts'
import { addConfigOptions, CONFIG_EXIT_FAILED, type ConfigFlags, filesOf } from './config-options.ts'
import { configKey } from './config-type.ts'
import type { VerbIo } from './verb-io.ts'

/** `postern replace -f FILE...`, as istioctl had it (spec 2.4): writes over the object that is there, whatever its revision; 255 on any error. */
export function addReplaceVerb(program: Command, io: VerbIo, connect: Connect): void {
  const verb = program
    .command('replace')
    .description('Replaces the objects of a file: `Updated config TYPE/NAMESPACE/NAME to revision N` for each.')
    .argument('[argument...]', 'none: objects come from -f')
  addConfigOptions(verb, true).action((words: string[], flags: ConfigFlags) =>
    reporting(io, CONFIG_EXIT_FAILED, () => replace(words, flags, io, connect)),
  )
}

async function replace(words: readonly string[], flags: ConfigFlags, io: VerbIo, connect: Connect): Promise<void> {
  if (words.length > 0) throw new VerbError(['replace takes no arguments'])
  const input = readValidInput(filesOf(flags), 'replace', 'as istioctl')
  printWarnings(input.warnings, io)
  const { client, discover } = connect(flags)
  const faults: string[] = []
  for (const one of resolveObjects(input, await discover(), flags.namespace, client.namespace)) {
    const outcome = await replaceOne(client, one)
    printWarnings(outcome.warnings, io)
    if (outcome.kind === 'refused') {
      faults.push(refusalText(outcome.refusal))
      continue
    }
    const { name, namespace, resourceVersion } = outcome.value.metadata
    io.stdout.write(`Updated config ${configKey(one.object.kind, namespace, name)} to revision ${resourceVersion}\n`)
  }
  if (faults.length > 0) throw new VerbError(faults)
}

/** Statuses are written meanwhile: each that comes between reading an object and writing it costs an attempt. */
const ATTEMPTS = 10
const CONFLICT = 409

/** The revision is the live one, unless the file says one itself: then that one must still be current. */
async function replaceOne(client: KubeClient, { resource, object }: ConfigObject): Promise<ApiOutcome<ApiObject>> {
  const { name, namespace, resourceVersion } = object.metadata
  if (resourceVersion !== undefined) return client.replace(resource, object)
  for (let attempt = 1; ; attempt++) {
    const live = await client.get(resource, name, namespace)
    if (live.kind === 'refused') return live
    const metadata = { ...object.metadata, resourceVersion: live.value.metadata.resourceVersion }
    const outcome = await client.replace(resource, { ...object, metadata } as ApiObject)
    if (outcome.kind === 'done' || outcome.refusal.code !== CONFLICT || attempt === ATTEMPTS) return outcome
  }
}
