import { type Command, Option } from 'commander'
import { type ApiFlags, addApiOptions, VerbError } from './api-connection.ts'

/** Options that istioctl's old verbs share (spec 2.4). */
export interface ConfigFlags extends ApiFlags {
  readonly filename?: readonly string[]
  readonly file?: readonly string[]
  readonly namespace?: string
}

/** What they end with on any error: istioctl's `os.Exit(-1)`. */
export const CONFIG_EXIT_FAILED = 255

/** Adds those options; `-f` too, where a verb reads files. */
export function addConfigOptions(verb: Command, readsFiles: boolean): Command {
  if (readsFiles) {
    verb
      .option('-f, --filename <path...>', 'file or directory of YAML or JSON, or - for standard input')
      .addOption(new Option('--file <path...>', 'the same').hideHelp())
  }
  verb
    .option('-n, --namespace <namespace>', 'namespace of the objects')
    .addOption(
      new Option('-i, --istioNamespace <namespace>', "nothing: Istio's own objects are in one always").hideHelp(),
    )
    .addOption(new Option('-p, --platform <name>', 'nothing: it was always Kubernetes').hideHelp())
  return addApiOptions(verb)
}

/** What `-f` names. Throws a VerbError when it names nothing. */
export function filesOf({ filename, file }: ConfigFlags): readonly string[] {
  const paths = [...(filename ?? []), ...(file ?? [])]
  if (paths.length === 0) throw new VerbError(['filename not specified (see --filename or -f)'])
  return paths
}
