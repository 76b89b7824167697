import { Argument, type Command } from 'commander'
import { bashCompletion, fishCompletion, zshCompletion } from './render/completions.ts'
import type { VerbIo } from './verb-io.ts'

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const

/** `postern completion bash|zsh|fish`: a script that completes verbs and options, made of the verbs of `program` as they are. */
export function addCompletionVerb(program: Command, io: VerbIo): void {
  program
    .command('completion')
    .description('Prints the completion script of a shell: source <(postern completion bash)')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(Object.keys(SHELLS)))
    .action((shell: keyof typeof SHELLS) => {
      io.stdout.write(SHELLS[shell](program))
    })
}
