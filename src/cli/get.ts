import type { Command } from 'commander'
import { writeYaml } from '#api/write-yaml.ts'
import type { Discovery } from '#kube/client/discovery.ts'
import type { KubeClient } from '#kube/client/kube-client.ts'
import type { ApiObject, DiscoveredResource } from '#kube/client/resource.ts'
import { type Connect, refusalText, reporting, VerbError } from './api-connection.ts'
import { addConfigOptions, CONFIG_EXIT_FAILED, type ConfigFlags } from './config-options.ts'
import { configTypes, resourceNamed, typeNames } from './config-type.ts'
import { renderConfigTables } from './render/config-tables.ts'
import type { VerbIo } from './verb-io.ts'

interface GetFlags extends ConfigFlags {
  readonly output: string
  readonly allNamespaces?: true
}

/** `postern get TYPE|all [NAME] [-o short|yaml]`, as istioctl had it (spec 2.4): 255 on any error, 0 when there is nothing. */
export function addGetVerb(program: Command, io: VerbIo, connect: Connect, now: () => Date): void {
  const verb = program
    .command('get')
    .description('Prints objects of a type, or one of them: as a table, or as YAML documents.')
    .argument('[argument...]', 'TYPE [NAME], or all')
    .option('-o, --output <format>', 'form of the result: short or yaml', 'short')
    .option('-A, --all-namespaces', 'objects of all namespaces')
  addConfigOptions(verb, false).action((words: string[], flags: GetFlags) =>
    reporting(io, CONFIG_EXIT_FAILED, () => get(words, flags, io, connect, now)),
  )
}

async function get(
  words: readonly string[],
  flags: GetFlags,
  io: VerbIo,
  connect: Connect,
  now: () => Date,
): Promise<void> {
  const [type, name, ...more] = words
  const output = flags.output.replace(/^=/, '')
  if (more.length > 0) throw new VerbError(['get takes a type and at most one name'])
  if (name !== undefined && flags.allNamespaces)
    throw new VerbError(['a resource cannot be retrieved by name across all namespaces'])
  if (output !== 'short' && output !== 'yaml')
    throw new VerbError([`unknown output format ${output}. Types are yaml|short`])
  const { client, discover } = connect(flags)
  const discovery = await discover()
  if (type === undefined)
    throw new VerbError([`specify the type of resource to get. Types are ${typeNames(discovery)}`])
  const resources =
    type.toLowerCase() === 'all' && name === undefined ? configTypes(discovery) : [resourceNamed(type, discovery)]
  const namespace = flags.allNamespaces ? undefined : (flags.namespace ?? client.namespace)
  const objects: ApiObject[] = []
  for (const resource of resources) {
    objects.push(...(await read(client, written(resource, discovery), namespace, name)))
  }
  if (objects.length === 0) io.stderr.write('No resources found.\n')
  else if (output === 'yaml') for (const object of objects) io.stdout.write(`${writeYaml([shown(object)])}---\n`)
  else io.stdout.write(renderConfigTables(objects, now()))
}

/** One object, or all; an object that is not there is none, as in istioctl. */
async function read(
  client: KubeClient,
  resource: DiscoveredResource,
  namespace: string | undefined,
  name: string | undefined,
): Promise<readonly ApiObject[]> {
  const place = resource.namespaced ? namespace : undefined
  if (name === undefined) {
    const listed = await client.list(resource, { namespace: place })
    if (listed.kind === 'done') return listed.value.items
    throw new VerbError([`Can't list ${resource.singular}: ${refusalText(listed.refusal)}`])
  }
  const found = await client.get(resource, name, place)
  if (found.kind === 'done') return [found.value]
  if (found.refusal.code === 404) return []
  throw new VerbError([refusalText(found.refusal)])
}

/** These verbs are of the time of these versions, and print what scripts of that time expect, where the server still has it (spec 2.4). */
const VERSIONS_OF_THE_TIME: Readonly<Record<string, string>> = {
  'networking.istio.io': 'v1alpha3',
  'config.istio.io': 'v1alpha2',
}

function written(resource: DiscoveredResource, discovery: Discovery): DiscoveredResource {
  const version = VERSIONS_OF_THE_TIME[resource.group]
  if (version === undefined) return resource
  return discovery.ofKind(`${resource.group}/${version}`, resource.kind) ?? resource
}

/** In the order in which people read objects, without the server's notes on who set which field. */
function shown({ apiVersion, kind, metadata, ...fields }: ApiObject): object {
  return { apiVersion, kind, metadata: { ...metadata, managedFields: undefined }, ...fields }
}
