import type { Command } from 'commander'
import { KINDS } from '#api/kinds.ts'
import { resourceDefinitionOf } from '#api/resource-definition.ts'
import { writeYaml } from '#api/write-yaml.ts'
import { Fault } from '#base/fault.ts'
import type { VerbIo } from './verb-io.ts'

/** Kinds that a Kubernetes API server has to be told of. */
const DEFINED = KINDS.filter(({ isCore }) => !isCore)

/** `postern definitions [GROUP...]`: the CustomResourceDefinitions of the kinds, or of those of some groups, as YAML. */
export function addDefinitionsVerb(program: Command, io: VerbIo): void {
  program
    .command('definitions')
    .description('prints the CustomResourceDefinitions that a Kubernetes API server needs in order to hold the kinds')
    .argument('[group...]', 'of these API groups only, such as config.istio.io')
    .action((groups: string[]) => {
      io.stdout.write(writeYaml(kindsOf(groups).map(resourceDefinitionOf)))
    })
}

function kindsOf(groups: readonly string[]) {
  const known = [...new Set(DEFINED.map(({ group }) => group))]
  const unknown = groups.find((group) => !known.includes(group))
  if (unknown !== undefined) {
    throw new Fault('definitions/unknown-group', `no kind is of the API group "${unknown}"`, {
      mend: `there are ${known.join(', ')}`,
    })
  }
  return DEFINED.filter(({ group }) => groups.length === 0 || groups.includes(group))
}
