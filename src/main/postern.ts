import { Command } from 'commander'
import { Fault, messageOf } from '#base/fault.ts'
import { leaveTerminalAsItIs } from '#base/leave-terminal.ts'
import { verbFirst } from '#cli/leading-flags.ts'
import { notice } from './notice.ts'
import { packageVersion } from './package-version.ts'

/** What Postern itself ends with when it fails; a command's own code is passed through. */
const EXIT_FAULT = 125
/** What wrong use ends with: an unknown verb or option. */
const EXIT_USAGE = 2
/** Faults that end as shells end on them, or are of the arguments. */
const EXIT_OF_FAULT: Readonly<Record<string, number>> = {
  'allow/no-service-entry': EXIT_USAGE,
  'capsule/command-not-executable': 126,
  'capsule/command-not-found': 127,
}

/** Where the mesh configuration is. */
const ROOT_NAMESPACE = 'istio-system'

/** Verbs and the file that composes them: only the one that is asked for is loaded. */
const VERB_FILES: readonly { readonly verbs: readonly string[]; add(program: Command): Promise<void> }[] = [
  { verbs: ['run'], add: async (program) => (await import('./run-verb.ts')).addRun(program) },
  {
    verbs: ['validate', 'convert', 'allow', 'definitions'],
    add: async (program) => (await import('./document-verbs.ts')).addDocumentVerbs(program),
  },
  {
    verbs: ['proxy-config', 'why'],
    add: async (program) => (await import('./inspection-verbs.ts')).addInspectionVerbs(program),
  },
  {
    verbs: ['backup', 'restore'],
    add: async (program) => (await import('./state-verbs.ts')).addStateVerbs(program),
  },
  {
    verbs: ['up', 'down', 'status', 'kubeconfig', 'proxy-status', 'ps'],
    add: async (program) => (await import('./mesh-verbs.ts')).addMesh(program),
  },
  {
    verbs: ['credentials'],
    add: async (program) => (await import('./credentials-verb.ts')).addCredentialsVerb(program),
  },
  { verbs: ['control'], add: async (program) => (await import('./control-verb.ts')).addControl(program) },
  {
    verbs: ['create', 'get', 'replace', 'delete', 'apply', 'analyze', 'version'],
    add: async (program) => {
      const { addApiVerbs, USAGE_EXITS } = await import('./api-verbs.ts')
      addApiVerbs(program)
      for (const verb of program.commands) {
        const usage = USAGE_EXITS[verb.name()]
        if (usage !== undefined) verb.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : usage))
      }
    },
  },
  { verbs: ['doctor'], add: async (program) => (await import('./doctor-verb.ts')).addDoctor(program) },
  // It completes all verbs, so that asking for it loads them all: the name stands in no list.
  { verbs: [], add: async (program) => (await import('./completion-verb.ts')).addCompletion(program) },
]

async function main(argv: readonly string[]): Promise<void> {
  const { args, istioNamespace } = verbFirst(argv.slice(2))
  if (istioNamespace !== undefined && istioNamespace !== ROOT_NAMESPACE)
    notice(`-i ${istioNamespace} has no effect: the mesh's own objects are in ${ROOT_NAMESPACE}`)
  const program = new Command('postern')
    .description('Services run sealed: the only way out is a sidecar that lets through what a ServiceEntry names.')
    .version(packageVersion())
    .enablePositionalOptions()
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_USAGE))
    .addHelpText('after', '\nBefore a verb, as with istioctl: -n NAMESPACE, -c KUBECONFIG.')
    .showHelpAfterError('(postern VERB --help shows what a verb takes)')
  const wanted = VERB_FILES.filter((file) => file.verbs.includes(args[0] ?? ''))
  for (const file of wanted.length > 0 ? wanted : VERB_FILES) await file.add(program)
  await program.parseAsync(args, { from: 'user' })
}

leaveTerminalAsItIs()
// When nobody reads what is told any more, a program that runs is still to be served, and its exit code to be passed on.
process.stderr.on('error', () => {})
process.stdout.on('error', () => {})

try {
  await main(process.argv)
} catch (thrown) {
  process.stderr.write(`postern: ${messageOf(thrown)}\n`)
  if (thrown instanceof Fault && thrown.mend !== undefined) process.stderr.write(`         ${thrown.mend}\n`)
  process.exitCode = (thrown instanceof Fault ? EXIT_OF_FAULT[thrown.code] : undefined) ?? EXIT_FAULT
}
