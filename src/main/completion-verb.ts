import type { Command } from 'commander'
import { addCompletionVerb } from '#cli/completion.ts'
import type { VerbIo } from '#cli/verb-io.ts'

/** The verb that completes all the others: they must have been added before it is called. */
export function addCompletion(program: Command, io: VerbIo = process): void {
  addCompletionVerb(program, io)
}
